"""Compresses with gzip (RFC 1952), the same bytes anywhere: no name, no time, one compressor.

The compressor is the zlib of the pinned interpreter: its output does not depend on the processor.
"""

import zlib
from typing import BinaryIO, Protocol

# Magic, deflate, no flags, no time, no extra flags, operating system unknown.
_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"


class Writable(Protocol):
    """What the compressed bytes are written to."""

    def write(self, data: bytes, /) -> object: ...


class Writer:
    """A file object that compresses what is written to it. Closing it ends the stream and leaves `out` open."""

    def __init__(self, out: Writable | BinaryIO, level: int = 9) -> None:
        self._out = out
        self._compressor = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS, zlib.DEF_MEM_LEVEL)
        self._crc = 0
        self._size = 0
        out.write(_HEADER)

    def write(self, data: bytes | memoryview) -> int:
        self._crc = zlib.crc32(data, self._crc)
        self._size += len(data)
        self._out.write(self._compressor.compress(data))
        return len(data)

    def close(self) -> None:
        self._out.write(self._compressor.flush())
        self._out.write(self._crc.to_bytes(4, "little") + (self._size & 0xFFFFFFFF).to_bytes(4, "little"))

    def __enter__(self) -> "Writer":
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self.close()
