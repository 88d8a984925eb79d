"""Compiles Python for an image as Debian's maintainer scripts would: `__pycache__` files that go by the source's time and
size (PEP 3147, PEP 552).

Written by the interpreter that runs this program, so only for sources of its own version. Most of the standard library need
not be compiled again: the pinned interpreter brought it compiled from the same packages, with a hash of the source in each file.
"""

import importlib.util
import marshal
import posixpath
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from tools.archive.tar import Entry

VERSION = f"python{sys.version_info.major}.{sys.version_info.minor}"
_STANDARD_LIBRARY = f"usr/lib/{VERSION}/"
_FOLDERS = (_STANDARD_LIBRARY, "usr/lib/python3/", "usr/share/python3/")
_HEADER = 16
_UNCHECKED_HASH = (1).to_bytes(4, "little")
_TIMESTAMP = bytes(4)


def compile_all(entries: dict[str, Entry], mtime: int, library: Path) -> Iterator[Entry]:
    """Yields the compiled file of each source that belongs to this version and is valid Python; of a link under its own name.

    `mtime` (seconds since the epoch) is what the sources' entries will say; `library` is the standard library of the running
    interpreter.
    """
    for path in sorted(entries):
        entry = _target(entries, path)
        if entry is None or entry.kind != "file" or not path.endswith(".py") or not path.startswith(_FOLDERS):
            continue
        source = bytes(entry.data)
        code = _known(path, source, library) or _compile(path, source)
        if code is not None:
            times = mtime.to_bytes(4, "little") + len(source).to_bytes(4, "little")
            header = importlib.util.MAGIC_NUMBER + _TIMESTAMP + times
            yield Entry(_cached(path), data=header + code)


def _target(entries: dict[str, Entry], path: str) -> Entry | None:
    """Returns what `path` leads to, through links of these entries; None where they don't have it."""
    entry = entries.get(path)
    while entry is not None and entry.kind == "symlink":
        target = posixpath.join("/", posixpath.dirname(entry.path), entry.link)
        entry = entries.get(posixpath.normpath(target)[1:])
    return entry


def _cached(path: str) -> str:
    source = PurePosixPath(path)
    return str(source.parent / "__pycache__" / f"{source.stem}.{sys.implementation.cache_tag}.pyc")


def _known(path: str, source: bytes, library: Path) -> bytes | None:
    """Returns the code of `source` from the interpreter's own library, if that was compiled from the same bytes."""
    if not path.startswith(_STANDARD_LIBRARY):
        return None
    try:
        compiled = (library / _cached(path.removeprefix(_STANDARD_LIBRARY))).read_bytes()
    except OSError:
        return None
    magic = importlib.util.MAGIC_NUMBER
    if compiled[:_HEADER] != magic + _UNCHECKED_HASH + importlib.util.source_hash(source):
        return None
    return compiled[_HEADER:]


def _compile(path: str, source: bytes) -> bytes | None:
    try:
        return marshal.dumps(compile(source, f"/{path}", "exec", dont_inherit=True, optimize=0))
    except SyntaxError:
        return None
