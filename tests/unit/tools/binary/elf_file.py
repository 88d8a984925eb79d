"""Makes ELF files for tests."""

import struct


def file(machine: int, needed: list[str], loaded_at: int = 0x10000) -> bytes:
    """A minimal ELF file: header, two segments, dynamic entries and strings."""
    strings = b"\0" + b"".join(name.encode() + b"\0" for name in needed)
    offsets = [strings.index(b"\0" + name.encode() + b"\0") + 1 for name in needed]
    header_size, segment_size = 64, 56
    dynamic_at = header_size + 2 * segment_size
    entries = [(1, offset) for offset in offsets]
    strings_at = dynamic_at + 16 * (len(entries) + 2)
    dynamic = b"".join(struct.pack("<QQ", *entry) for entry in [*entries, (5, loaded_at + strings_at), (0, 0)])
    size = strings_at + len(strings)
    load = struct.pack("<IIQQQQQQ", 1, 5, 0, loaded_at, loaded_at, size, size, 4096)
    segment = struct.pack("<IIQQQQQQ", 2, 4, dynamic_at, loaded_at + dynamic_at, 0, len(dynamic), len(dynamic), 8)
    identity = b"\x7fELF\x02\x01\x01".ljust(16, b"\0")
    header = identity + struct.pack("<HHIQQQIHHHHHH", 3, machine, 1, 0, 64, 0, 0, 64, segment_size, 2, 0, 0, 0)
    return header + load + segment + dynamic + strings
