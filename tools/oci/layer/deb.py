"""Reads a binary package (deb(5), format 2.0) from memory."""

import gzip
import lzma
from dataclasses import dataclass
from functools import cached_property

from tools.archive import tar
from tools.oci.model import control

_MAGIC = b"!<arch>\n"
_HEADER = 60


class DebError(ValueError):
    """The file is no binary package that this program reads."""


@dataclass(frozen=True)
class Deb:
    """A package: its control files by name, and the members of its file system in their order."""

    control_files: dict[str, tar.Entry]
    data: bytes

    @cached_property
    def control(self) -> control.Paragraph:
        return control.parse(bytes(self.control_files["control"].data).decode())

    @property
    def name(self) -> str:
        return self.control["Package"]

    def members(self) -> list[tar.Member]:
        """Paths as packed, without `./`; the root itself has an empty one."""
        return [
            member if member.entry.path != "." else tar.Member(tar.directory("", member.entry.mode), member.mtime)
            for member in tar.members(self.data)
        ]


def read(package: bytes) -> Deb:
    """Parses a .deb.

    Raises:
        DebError: see there.
    """
    parts = _parts(memoryview(package))
    if bytes(parts.pop("debian-binary", b"")) != b"2.0\n":
        raise DebError("no binary package of format 2.0")
    archives = {name.split(".")[0]: _decompress(name, part) for name, part in parts.items()}
    try:
        entries = [member.entry for member in tar.members(archives["control"])]
        return Deb({entry.path: entry for entry in entries if entry.kind == "file"}, archives["data"])
    except (KeyError, tar.TarError) as error:
        raise DebError(f"damaged package: {error}") from error


def _parts(package: memoryview) -> dict[str, memoryview]:
    """Returns the members of the ar archive (ar(5), common format)."""
    if bytes(package[: len(_MAGIC)]) != _MAGIC:
        raise DebError("no binary package")
    parts = {}
    offset = len(_MAGIC)
    while offset + _HEADER <= len(package):
        name = bytes(package[offset : offset + 16]).decode().rstrip(" ").rstrip("/")
        size = int(bytes(package[offset + 48 : offset + 58]))
        parts[name] = package[offset + _HEADER : offset + _HEADER + size]
        offset += _HEADER + size + size % 2
    return parts


def _decompress(name: str, part: memoryview) -> bytes:
    if name.endswith(".xz"):
        return lzma.decompress(part)
    if name.endswith(".gz"):
        return gzip.decompress(part)
    if name.endswith(".tar"):
        return bytes(part)
    raise DebError(f"{name}: a compression that Debian's archive does not use")
