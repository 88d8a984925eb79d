"""Leaves out of an image what dpkg would leave out with the same `path-exclude` and `path-include` (dpkg(1))."""

import fnmatch
import re
from collections.abc import Callable
from pathlib import PurePosixPath

from tools.archive.tar import Entry
from tools.oci.model.declaration import Documentation


def excludes(rules: Documentation) -> Callable[[Entry], bool]:
    """Returns a test whether a package's entry is left out.

    As with dpkg a pattern's `*` goes across slashes and an included path wins. A link stays where it may stand for a folder
    with included paths (/usr/share/doc/libgcc-s1 -> gcc-14-base), so that each package's copyright can be found.
    """
    excluded, included = _pattern(rules.exclude), _pattern(rules.include)
    folders = [pattern.rpartition("/")[0] for pattern in rules.include]

    def left_out(entry: Entry) -> bool:
        path = f"/{entry.path}"
        if not excluded.fullmatch(path) or included.fullmatch(path):
            return False
        return entry.kind != "symlink" or not any(PurePosixPath(path).match(folder) for folder in folders)

    return left_out


def dpkg_configuration(rules: Documentation) -> str:
    """Returns the same rules for the dpkg in the image, so that what is installed later comes without them too."""
    return "".join(
        [f"path-exclude={pattern}\n" for pattern in rules.exclude]
        + [f"path-include={pattern}\n" for pattern in rules.include]
    )


def _pattern(globs: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(fnmatch.translate(glob) for glob in globs) or r"(?!)")
