import pytest

from tests.unit.tools.binary.elf_file import file
from tools.binary import elf


@pytest.mark.parametrize(("number", "name"), [(62, "amd64"), (183, "arm64")])
def test_tells_machine_and_needed_libraries(number: int, name: str) -> None:
    assert elf.read(file(number, ["libm.so.6", "libc.so.6"])) == elf.Elf(name, ("libm.so.6", "libc.so.6"))
    assert elf.read(file(number, [])) == elf.Elf(name, ())


@pytest.mark.parametrize("data", [b"", b"#!/bin/sh\n", b"\x7fELF\x01\x01".ljust(64, b"\0"), file(3, [])])
def test_refuses_what_is_no_program_for_a_known_machine(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"not a 64-bit|unknown machine"):
        elf.read(data)
