"""Reads the little of ELF (System V gABI) that packing a runtime takes: for which machine, and which libraries it needs."""

import struct
from dataclasses import dataclass

_MAGIC = b"\x7fELF"
_64_BIT_LITTLE_ENDIAN = b"\x02\x01"
_PT_LOAD = 1
_PT_DYNAMIC = 2
_DT_NEEDED = 1
_DT_STRTAB = 5

_MACHINES = {62: "amd64", 183: "arm64"}  # e_machine: EM_X86_64, EM_AARCH64


@dataclass(frozen=True, slots=True)
class Elf:
    """One executable or library. `machine` is amd64 or arm64; `needed` names libraries by their soname."""

    machine: str
    needed: tuple[str, ...]


def is_elf(data: bytes) -> bool:
    """Whether `data` begins as an ELF file does."""
    return data.startswith(_MAGIC)


def read(data: bytes) -> Elf:
    """Reads an ELF file.

    Raises:
        ValueError: not 64-bit little-endian ELF, or for a machine that nothing here is made for.
    """
    if not is_elf(data) or data[4:6] != _64_BIT_LITTLE_ENDIAN:
        raise ValueError("not a 64-bit little-endian ELF file")
    (machine,) = struct.unpack_from("<H", data, 18)
    if machine not in _MACHINES:
        raise ValueError(f"made for an unknown machine ({machine})")
    (table,) = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    segments = [_Segment(*struct.unpack_from("<IIQQQQ", data, table + index * size)) for index in range(count)]
    return Elf(_MACHINES[machine], tuple(_needed(data, segments)))


@dataclass(frozen=True, slots=True)
class _Segment:
    type: int
    flags: int
    offset: int
    address: int
    physical_address: int
    size: int


def _needed(data: bytes, segments: list[_Segment]) -> list[str]:
    entries = [
        struct.unpack_from("<QQ", data, position)
        for segment in segments
        if segment.type == _PT_DYNAMIC
        for position in range(segment.offset, segment.offset + segment.size, 16)
    ]
    strings = [_offset(value, segments) for tag, value in entries if tag == _DT_STRTAB]
    names = [value for tag, value in entries if tag == _DT_NEEDED]
    return [_string(data, strings[0] + name) for name in names]


def _offset(address: int, segments: list[_Segment]) -> int:
    """Where in the file the byte lies that is loaded at `address`."""
    for segment in segments:
        if segment.type == _PT_LOAD and 0 <= address - segment.address < segment.size:
            return segment.offset + address - segment.address
    raise ValueError(f"nothing is loaded at {address:#x}")


def _string(data: bytes, start: int) -> str:
    return data[start : data.index(b"\0", start)].decode()
