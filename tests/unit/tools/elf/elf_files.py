"""Makes ELF files for tests."""

import struct


def library(
    machine: int = 62,
    soname: str = "libtest.so.1",
    needed: tuple[str, ...] = ("libc.so.6",),
    runpath: str = "",
    path_tag: int = 29,
) -> bytes:
    """The smallest ELF file with a dynamic section: one segment that is the whole file."""
    strings = b"\0"
    tags = []
    for tag, text in [(14, soname), *((1, name) for name in needed), *([(path_tag, runpath)] if runpath else [])]:
        tags.append((tag, len(strings)))
        strings += text.encode() + b"\0"
    headers, dynamic = 64, 64 + 3 * 56
    interpreter = b"/lib/loader\0"
    table = dynamic + 16 * (len(tags) + 2)
    body = b"".join(struct.pack("<QQ", tag, value) for tag, value in [*tags, (5, 0x1000 + table), (0, 0)])
    end = table + len(strings)
    header = (
        b"\x7fELF\x02\x01\x01"
        + bytes(9)
        + struct.pack("<HHIQQQIHHHHHH", 3, machine, 1, 0, headers, 0, 0, 64, 56, 3, 0, 0, 0)
    )
    segments = struct.pack("<IIQQQQQQ", 1, 5, 0, 0x1000, 0x1000, end, end, 0x1000)
    segments += struct.pack("<IIQQQQQQ", 2, 6, dynamic, 0x1000 + dynamic, 0, len(body), len(body), 8)
    segments += struct.pack("<IIQQQQQQ", 3, 4, end, 0x1000 + end, 0, len(interpreter), len(interpreter), 1)
    return header + segments + body + strings + interpreter
