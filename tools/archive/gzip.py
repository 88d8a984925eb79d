"""Compresses with gzip (RFC 1952), the same bytes on every machine: no name, no time, one compressor.

The compressor is libdeflate. What was held against each other, on a 104 MB layer of packages and on one sample run natively,
as several older processors under qemu, and on arm64:

    zlib 1        38.9 MB   1.07 s    the same bytes everywhere
    zlib 6        34.8 MB   3.60 s    the same bytes everywhere
    igzip 1       40.5 MB   0.22 s    other bytes on other processors: the code it picks (SSE, AVX2, AVX-512) decides what matches
    zlib-ng 2     38.8 MB   0.71 s    the same bytes everywhere
    libdeflate 1  38.3 MB   0.46 s    the same bytes everywhere
    libdeflate 6  34.4 MB   1.08 s    the same bytes everywhere

Other releases of libdeflate may compress otherwise, which is why the wheel is pinned.
"""

import zlib
from typing import Protocol

import deflate

SMALL = 9

# Magic, deflate, no flags, no time, no extra flags, operating system unknown.
_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"


class Writable(Protocol):
    """What the compressed bytes are written to."""

    def write(self, data: bytes, /) -> object: ...


def compress(data: bytes, level: int = SMALL) -> bytes:
    """Returns one gzip member that holds `data`; `level` is libdeflate's, 1 to 12."""
    trailer = zlib.crc32(data).to_bytes(4, "little") + (len(data) & 0xFFFFFFFF).to_bytes(4, "little")
    return b"".join((_HEADER, deflate.deflate_compress(data, level), trailer))


class Writer:
    """A file object that compresses what is written to it, all at once when it is closed; `out` stays open.

    Left by an exception, it writes nothing.
    """

    def __init__(self, out: Writable, level: int = SMALL) -> None:
        self._out = out
        self._level = level
        self._chunks: list[bytes] = []

    def write(self, data: bytes | memoryview) -> int:
        self._chunks.append(bytes(data))
        return len(data)

    def close(self) -> None:
        self._out.write(compress(b"".join(self._chunks), self._level))

    def __enter__(self) -> "Writer":
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self.close()
