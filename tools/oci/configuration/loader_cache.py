"""Writes /etc/ld.so.cache in glibc's new format (sysdeps/generic/dl-cache.h), for either architecture and without ldconfig."""

import re
import struct
from functools import cmp_to_key

# FLAG_ELF_LIBC6 with the architecture's own bits.
_FLAGS = {"amd64": 0x0303, "arm64": 0x0A03}
_MAGIC = b"glibc-ld.so.cache1.1"
_HEADER = 48
_ENTRY = 24
_LITTLE_ENDIAN = 2


def write(libraries: dict[str, str], architecture: str) -> bytes:
    """Returns the cache's bytes; `libraries` gives each soname's path."""
    strings = bytearray()
    start = _HEADER + _ENTRY * len(libraries)
    entries = bytearray()
    for soname in sorted(libraries, key=cmp_to_key(_compare), reverse=True):
        path = libraries[soname]
        value = start + len(strings)
        strings += path.encode() + b"\0"
        if path.endswith(f"/{soname}"):
            key = value + len(path) - len(soname)
        else:
            key = start + len(strings)
            strings += soname.encode() + b"\0"
        entries += struct.pack("<iIIIQ", _FLAGS[architecture], key, value, 0, 0)
    header = _MAGIC + struct.pack("<IIB3xI12x", len(libraries), len(strings), _LITTLE_ENDIAN, 0)
    return bytes(header + entries + strings)


def _compare(one: str, other: str) -> int:
    """glibc's _dl_cache_libcmp: digits by their value, and above every other character."""
    ours, theirs = _tokens(one), _tokens(other)
    for left, right in zip(ours, theirs, strict=False):
        if left != right:
            return -1 if left < right else 1
    return len(ours) - len(theirs)


def _tokens(name: str) -> list[tuple[int, int]]:
    return [(1, int(part)) if part.isdigit() else (0, ord(part)) for part in re.findall(r"\d+|\D", name)]
