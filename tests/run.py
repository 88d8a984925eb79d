"""Runs every test and counts: what Bazel runs in its sandbox, then the suites that can't run inside Bazel.

Started by ./test. Artifacts come as `--artifact NAME=RLOCATION` and reach the suites as environment variables with absolute
paths; the suites below `tests/e2e` see neither this workspace nor the host's Python packages.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.suites import Count, Suite, bazel_suite, outside_suites


@dataclass(frozen=True)
class Place:
    """Where the run happens."""

    workspace: Path
    runfiles: Path


def artifacts(pairs: Sequence[str], runfiles: Path) -> dict[str, str]:
    """Turns NAME=RLOCATION into NAME -> absolute path."""
    return {name: str(runfiles / path) for name, _, path in (pair.partition("=") for pair in pairs)}


def chosen(suites: Sequence[Suite], folders: Sequence[str]) -> list[Suite]:
    """Returns the suites at or below one of `folders` (all for none)."""
    wanted = [folder.rstrip("/") for folder in folders]
    return [
        suite for suite in suites if not wanted or any(f"{suite.folder}/".startswith(f"{folder}/") for folder in wanted)
    ]


def run(suites: Sequence[Suite], environment: Mapping[str, str]) -> Count:
    """Runs the suites one after the other and says how each went."""
    total = Count()
    for suite in suites:
        print(f"==> {suite.folder}", flush=True)
        start = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="viberun-test-") as scratch:
            count = suite.run(Path(scratch), environment)
        print(f"<== {suite.folder}: {count} in {time.monotonic() - start:.0f} s", flush=True)
        total += count
    return total


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="./test", description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--artifact", action="append", default=[], help=argparse.SUPPRESS)
    parser.add_argument("folders", nargs="*", metavar="FOLDER", help="only the suites at or below these folders")
    options = parser.parse_args(argv)
    place = Place(Path(os.environ["BUILD_WORKSPACE_DIRECTORY"]), Path(os.environ["RUNFILES_DIR"]).resolve())
    environment = {**os.environ, **artifacts(options.artifact, place.runfiles)}
    for name in ("RUNFILES_DIR", "BUILD_WORKSPACE_DIRECTORY", "BUILD_WORKING_DIRECTORY", "PYTHONPATH"):
        environment.pop(name, None)
    suites = chosen([bazel_suite(place.workspace), *outside_suites(place.workspace, place.runfiles)], options.folders)
    if not suites:
        parser.error(f"no suite at or below {' '.join(options.folders)}")
    total = run(suites, environment)
    print(total)
    return 1 if total.failed or not total.passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
