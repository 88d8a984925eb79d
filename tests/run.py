"""Runs every test and counts: what Bazel runs in its sandbox, then the suites that can't run inside Bazel.

Started by ./test. Artifacts come as `--artifact NAME=RLOCATION` and reach the suites as environment variables with absolute
paths; the suites below `tests/e2e` see neither this workspace nor the host's Python packages.
"""

import argparse
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.count import Count
from tests.suites import Suite, bazel_suite, has_bazel_tests, outside_suites


class UnknownFolderError(ValueError):
    """Tests were asked for where there are none."""

    def __init__(self, folders: Sequence[str]) -> None:
        super().__init__(f"no tests at or below {', '.join(folders)}")


@dataclass(frozen=True)
class Place:
    """Where the run happens."""

    workspace: Path
    runfiles: Path


def artifacts(pairs: Sequence[str], runfiles: Path) -> dict[str, str]:
    """Turns NAME=RLOCATION into NAME -> absolute path."""
    return {name: str(runfiles / path) for name, _, path in (pair.partition("=") for pair in pairs)}


def chosen(workspace: Path, outside: Sequence[Suite], folders: Sequence[str]) -> list[Suite]:
    """Returns the suites at or below `folders`, for none all: first what Bazel runs there.

    Raises:
        UnknownFolderError: some of `folders` have no tests.
    """
    wanted = [os.path.normpath(folder) for folder in folders]
    if not wanted or "." in wanted:
        return [bazel_suite(workspace), *outside]
    inside = [folder for folder in wanted if has_bazel_tests(workspace / folder)]
    found = {folder: [suite for suite in outside if f"{suite.name}/".startswith(f"{folder}/")] for folder in wanted}
    unknown = [folder for folder in wanted if folder not in inside and not found[folder]]
    if unknown:
        raise UnknownFolderError(unknown)
    below = [suite for suite in outside if any(suite in suites for suites in found.values())]
    return [bazel_suite(workspace, inside), *below] if inside else below


def run(suites: Sequence[Suite], environment: Mapping[str, str]) -> Count:
    """Runs the suites one after the other and says how each went; one that breaks down is one failure."""
    total = Count()
    for suite in suites:
        print(f"==> {suite.name}", flush=True)
        start = time.monotonic()
        try:
            with tempfile.TemporaryDirectory(prefix="viberun-test-") as scratch:
                count = suite.run(Path(scratch), environment)
        except Exception:
            traceback.print_exc()
            count = Count(failed=1)
        print(f"<== {suite.name}: {count} in {time.monotonic() - start:.0f} s", flush=True)
        total += count
    return total


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="./test", description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--artifact", action="append", default=[], help=argparse.SUPPRESS)
    parser.add_argument("folders", nargs="*", metavar="FOLDER", help="only the tests at or below these folders")
    options = parser.parse_args(argv)
    place = Place(Path(os.environ["BUILD_WORKSPACE_DIRECTORY"]), Path(os.environ["RUNFILES_DIR"]).resolve())
    environment = {**os.environ, **artifacts(options.artifact, place.runfiles)}
    for name in ("RUNFILES_DIR", "BUILD_WORKSPACE_DIRECTORY", "BUILD_WORKING_DIRECTORY", "PYTHONPATH"):
        environment.pop(name, None)
    try:
        suites = chosen(place.workspace, outside_suites(place.workspace, place.runfiles), options.folders)
    except UnknownFolderError as error:
        parser.error(str(error))
    total = run(suites, environment)
    print(total)
    return 1 if total.failed or not total.passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
