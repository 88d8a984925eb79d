"""Reads what the dynamic loader would read of an ELF file (System V ABI, gABI 4.1): 64 bit, little-endian."""

import struct
from dataclasses import dataclass

MACHINES = {62: "amd64", 183: "arm64"}

_PT_LOAD, _PT_DYNAMIC, _PT_INTERP = 1, 2, 3
_DT_NULL, _DT_NEEDED, _DT_STRTAB, _DT_SONAME, _DT_RPATH, _DT_RUNPATH = 0, 1, 5, 14, 15, 29


@dataclass(frozen=True, slots=True)
class Elf:
    """A program, library or object file. `machine` is an architecture's Debian name, or ELF's number where it is another."""

    machine: str
    soname: str | None = None
    needed: tuple[str, ...] = ()
    interpreter: str | None = None
    runpath: tuple[str, ...] = ()


class ElfError(ValueError):
    """The file says it is ELF and can't be read as such."""


def read(content: bytes | memoryview) -> Elf | None:
    """Returns what `content` is, or None where it is no ELF file.

    Raises:
        ElfError: 32 bit, big-endian or damaged.
    """
    if bytes(content[:4]) != b"\x7fELF":
        return None
    if bytes(content[4:6]) != b"\x02\x01":
        raise ElfError("not a 64 bit little-endian ELF file")
    try:
        return _read(content)
    except (struct.error, IndexError, ValueError) as error:
        raise ElfError(f"damaged ELF file: {error}") from error


def _read(content: bytes | memoryview) -> Elf:
    (number,) = struct.unpack_from("<H", content, 18)
    (table,) = struct.unpack_from("<Q", content, 32)
    width, count = struct.unpack_from("<HH", content, 54)
    loads: list[tuple[int, int, int]] = []
    dynamic: dict[int, list[int]] = {}
    interpreter = None
    for index in range(count):
        kind, _, offset, address, _, size, _, _ = struct.unpack_from("<IIQQQQQQ", content, table + index * width)
        if kind == _PT_LOAD:
            loads.append((address, offset, size))
        elif kind == _PT_DYNAMIC:
            dynamic = _dynamic(content, offset, size)
        elif kind == _PT_INTERP:
            interpreter = bytes(content[offset : offset + size]).rstrip(b"\0").decode()
    machine = MACHINES.get(number, str(number))
    if not dynamic:
        return Elf(machine, interpreter=interpreter)
    (strings,) = dynamic[_DT_STRTAB]
    base = next(offset + strings - address for address, offset, size in loads if address <= strings < address + size)

    def text(tag: int) -> tuple[str, ...]:
        return tuple(_string(content, base + value) for value in dynamic.get(tag, ()))

    return Elf(
        machine=machine,
        soname=next(iter(text(_DT_SONAME)), None),
        needed=text(_DT_NEEDED),
        interpreter=interpreter,
        runpath=tuple(path for value in text(_DT_RUNPATH) or text(_DT_RPATH) for path in value.split(":")),
    )


def _dynamic(content: bytes | memoryview, offset: int, size: int) -> dict[int, list[int]]:
    values: dict[int, list[int]] = {}
    for tag, value in struct.iter_unpack("<QQ", content[offset : offset + size // 16 * 16]):
        if tag == _DT_NULL:
            break
        values.setdefault(tag, []).append(value)
    return values


def _string(content: bytes | memoryview, offset: int) -> str:
    end = offset
    while content[end]:
        end += 1
    return bytes(content[offset:end]).decode()
