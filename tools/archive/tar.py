"""Writes tar archives whose bytes depend on nothing but the entries: the one writer of every .tar in this project.

Headers are the standard library's (pax, POSIX.1-2001, where ustar can't hold a value); content is written straight from
memory.
"""

import itertools
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO, Literal, Protocol

Kind = Literal["file", "directory", "symlink", "hardlink"]
_TYPES: dict[Kind, bytes] = {
    "file": tarfile.REGTYPE,
    "directory": tarfile.DIRTYPE,
    "symlink": tarfile.SYMTYPE,
    "hardlink": tarfile.LNKTYPE,
}
_BLOCK = 512
_END = bytes(2 * _BLOCK)

# 2026-01-01T00:00:00Z: what every archive says that holds no file with a date of its own.
MTIME = 1767225600


class Writable(Protocol):
    """What an archive is written to."""

    def write(self, data: bytes | memoryview, /) -> object: ...


@dataclass(frozen=True, slots=True)
class Entry:
    """One member. `path` has no leading slash; `link` is the target of a link, a hard link's as a path of the archive."""

    path: str
    kind: Kind = "file"
    mode: int = 0o644
    data: bytes | memoryview = b""
    link: str = ""
    uid: int = 0
    gid: int = 0


def directory(path: str, mode: int = 0o755) -> Entry:
    """Returns the entry of a folder."""
    return Entry(path, "directory", mode)


def header(entry: Entry, mtime: int) -> bytes:
    """Returns the header blocks of `entry`, modified at `mtime` (seconds since the epoch)."""
    info = tarfile.TarInfo(entry.path)
    info.type = _TYPES[entry.kind]
    info.mode, info.uid, info.gid, info.mtime = entry.mode, entry.uid, entry.gid, mtime
    info.linkname = entry.link
    info.size = len(entry.data) if entry.kind == "file" else 0
    return info.tobuf(tarfile.PAX_FORMAT)


def write(entries: Iterable[Entry], out: Writable, mtime: int = MTIME) -> None:
    """Writes `entries`, sorted by path, to `out`, each modified at `mtime`.

    Raises:
        ValueError: two entries have the same path.
    """
    ordered = sorted(entries, key=lambda entry: entry.path)
    for before, entry in itertools.pairwise(ordered):
        if before.path == entry.path:
            raise ValueError(f"{entry.path}: twice in one archive")
    for entry in ordered:
        out.write(header(entry, mtime))
        if entry.kind == "file":
            out.write(entry.data)
            out.write(bytes(-len(entry.data) % _BLOCK))
    out.write(_END)


def read(file: BinaryIO) -> list[Entry]:
    """Reads every member of an uncompressed or gzip-compressed archive into memory, as `write` takes them."""
    kinds = {value: key for key, value in _TYPES.items()}
    with tarfile.open(fileobj=file, mode="r:*") as archive:
        entries = []
        for info in archive:
            content = archive.extractfile(info) if info.isreg() else None
            entries.append(
                Entry(
                    info.name,
                    kinds[info.type],
                    info.mode,
                    content.read() if content else b"",
                    info.linkname,
                    info.uid,
                    info.gid,
                )
            )
        return entries
