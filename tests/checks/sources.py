"""The sources of this workspace as a check is given them: by kind, with a suffix that keeps Bazel from reading BUILD files."""

import shutil
from pathlib import Path

_SUFFIX = ".source"


def lay_out(given: Path, workspace: Path) -> dict[str, list[str]]:
    """Copies the sources below `given` (`<kind>/<path>.source`) to their paths below `workspace`.

    Returns:
        The paths of each kind, sorted.
    """
    kinds: dict[str, list[str]] = {}
    for source in sorted(given.rglob(f"*{_SUFFIX}")):
        kind, _, path = str(source.relative_to(given)).removesuffix(_SUFFIX).partition("/")
        kinds.setdefault(kind, []).append(path)
        (workspace / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, workspace / path)
    return kinds
