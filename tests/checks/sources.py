"""The sources of this workspace as a check is given them: by kind, with a suffix that keeps Bazel from reading BUILD files."""

import shutil
from pathlib import Path

_SUFFIX = ".source"


def listed(given: Path) -> dict[str, list[str]]:
    """Returns the paths in the workspace of the files below `given` (`<kind>/<path>.source`), sorted, by kind."""
    kinds: dict[str, list[str]] = {}
    for source in sorted(given.rglob(f"*{_SUFFIX}")):
        kind, _, path = str(source.relative_to(given)).removesuffix(_SUFFIX).partition("/")
        kinds.setdefault(kind, []).append(path)
    return kinds


def lay_out(given: Path, workspace: Path) -> dict[str, list[str]]:
    """Copies what is listed below `given` to its paths below `workspace`; returns them."""
    kinds = listed(given)
    for kind, paths in kinds.items():
        for path in paths:
            (workspace / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(given / kind / f"{path}{_SUFFIX}", workspace / path)
    return kinds
