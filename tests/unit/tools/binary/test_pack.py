import re

import pytest

from tools.archive import tar
from tools.binary import pack
from tools.binary.description import Description

RUNTIME = Description("arm64", "ab" * 32, "lib/x", "lib/x/ld.so")
PROGRAM = pack.Program("name", "module:main", [tar.Entry("__main__.pyc", data=b"code")])
FILES = {"version.json": b"{}"}
HEAD = """#!/bin/sh
@NAME@ @ENTRY@ @LIBRARIES@ @LOADER@ @ARCHITECTURE@
@SIZE@ @PROGRAM_START@ @PROGRAM_SIZE@ @RUNTIME_START@ @RUNTIME_SIZE@
@PROGRAM_DIGEST@ @RUNTIME_DIGEST@
"""


def test_the_head_says_where_everything_is() -> None:
    packed = pack.executable(HEAD, PROGRAM, FILES, RUNTIME, b"runtime archive")
    _, names, numbers, digests, *_ = packed.decode(errors="replace").splitlines()
    assert names == "name module:main lib/x lib/x/ld.so arm64"
    size, program, program_size, runtime, runtime_size = map(int, numbers.split())
    assert size == len(packed)
    assert packed[program - 1 : program - 1 + 2] == b"\x1f\x8b"
    assert program - 1 + program_size == runtime - 1
    assert packed[runtime - 1 : runtime - 1 + runtime_size] == b"runtime archive"
    assert runtime - 1 + runtime_size == size
    assert re.fullmatch(r"[0-9a-f]{32} (ab){16}", digests)


def test_another_version_is_another_program_on_the_same_runtime() -> None:
    packed = [pack.executable(HEAD, PROGRAM, {"version.json": version}, RUNTIME, b"") for version in (b"1", b"2", b"1")]
    digests = [each.decode(errors="replace").splitlines()[3].split() for each in packed]
    assert digests[0] == digests[2] != digests[1]
    assert digests[0][1] == digests[1][1]


def test_the_same_input_makes_the_same_bytes() -> None:
    one, two = (pack.executable(HEAD, PROGRAM, FILES, RUNTIME, b"runtime") for _ in range(2))
    assert one == two


def test_refuses_a_field_that_nothing_fills_and_a_head_that_is_too_long() -> None:
    with pytest.raises(ValueError, match="nothing fills: NOBODY"):
        pack.executable("@NOBODY@", PROGRAM, FILES, RUNTIME, b"")
    with pytest.raises(ValueError, match="more than"):
        pack.executable("#" * pack.HEAD_SIZE + "\n", PROGRAM, FILES, RUNTIME, b"")
