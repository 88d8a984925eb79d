"""`bazel run //tests/release:faults`: what ./test tries; with `-- --all` every point and every kind of failure by itself."""

import argparse
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.release.faults.selection import everything, selected
from tests.release.faults.trials import run_trials
from tests.release.servers import verdaccio
from tests.suites import tools
from viberun import program
from viberun.errors import UsageError


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="bazel run //tests/release:faults --", description=__doc__)
    parser.add_argument("--all", action="store_true", help="every kill and every failure, half an hour or so")
    options = parser.parse_args(argv)
    if not shutil.which("docker-registry"):
        raise UsageError("there is no docker-registry on PATH", remedy="install it, as ./test does on Debian")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the servers end with their block
    with tempfile.TemporaryDirectory(prefix="viberun-faults-") as folder:
        node = tools(sys.path, Path(folder))["VIBERUN_NODE"]
        path = f"{node}/bin:{os.environ['PATH']}"
        script = verdaccio.install(Path(folder) / "verdaccio", {**os.environ, "PATH": path})
        outcome = run_trials(everything if options.all else selected, Path(folder), script, path, _tell)
    print(outcome)
    for failure in (failure for failures in outcome.failures.values() for failure in failures):
        print(failure)
    return 1 if any(outcome.failures.values()) else 0


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(program.run("faults", main))
