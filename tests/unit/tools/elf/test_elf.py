import pytest

from tests.unit.tools.elf.elf_files import library
from tools.elf import elf


def test_what_the_loader_goes_by_is_read() -> None:
    found = elf.read(library(183, needed=("libc.so.6", "libm.so.6"), runpath="$ORIGIN/../lib:/opt"))
    assert found == elf.Elf(
        "arm64", "libtest.so.1", ("libc.so.6", "libm.so.6"), "/lib/loader", ("$ORIGIN/../lib", "/opt")
    )


def test_another_machine_is_told_by_its_number() -> None:
    found = elf.read(library(243))
    assert found is not None
    assert found.machine == "243"


def test_other_files_are_none() -> None:
    assert elf.read(b"#!/bin/sh\n") is None
    assert elf.read(b"") is None


def test_32_bit_and_damaged_files_are_refused() -> None:
    with pytest.raises(elf.ElfError, match="64 bit"):
        elf.read(b"\x7fELF\x01\x01" + bytes(60))
    with pytest.raises(elf.ElfError, match="damaged"):
        elf.read(library()[:200])


def test_the_older_kind_of_path_counts_where_the_newer_is_missing() -> None:
    found = elf.read(library(runpath="/opt", path_tag=15))
    assert found is not None
    assert found.runpath == ("/opt",)
