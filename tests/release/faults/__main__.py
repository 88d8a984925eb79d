"""`bazel run //tests/release:faults`: what ./test tries; with `-- --all` every point and every kind of failure by itself."""

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.release.faults.selection import everything, selected
from tests.release.faults.trials import run_trials
from tests.release.servers import verdaccio


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="bazel run //tests/release:faults --", description=__doc__)
    parser.add_argument("--all", action="store_true", help="everything: 112 kills and 91 failures, half an hour or so")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="viberun-faults-") as folder:
        script = verdaccio.install(Path(folder) / "verdaccio")
        choose = everything if options.all else selected
        outcome = run_trials(choose, Path(folder), script, os.environ["PATH"])
    print(outcome)
    for failure in (failure for failures in outcome.failures.values() for failure in failures):
        print(failure)
    return 1 if any(outcome.failures.values()) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
