from pathlib import Path

import pytest

from tests.unit.tools.elf.elf_files import library
from tools.binary import runtime
from tools.binary.runtime import LeftOut

LIBRARIES = "lib/x86_64-linux-gnu"
LOADER = "ld-linux-x86-64.so.2"
COMPILED = bytes(4) + b"\x01\0\0\0" + bytes(8)


@pytest.fixture
def tree(tmp_path: Path) -> dict[str, Path]:
    """An interpreter's files, small."""
    contents = {
        "bin/python3": b"#!/bin/sh\n",
        "bin/python3.13": library(62, needed=("libm.so.6", "libc.so.6")),
        "lib/python3.13/os.py": b"",
        "lib/python3.13/__pycache__/os.cpython-313.pyc": COMPILED,
        "lib/python3.13/json/__pycache__/__init__.cpython-313.pyc": COMPILED,
        "lib/python3.13/json/__pycache__/tool.cpython-313.pyc": COMPILED,
        "lib/python3.13/test/__pycache__/__init__.cpython-313.pyc": COMPILED,
        "lib/python3.13/test/deep/__pycache__/er.cpython-313.pyc": COMPILED,
        "lib/python3.13/lib-dynload/_ssl.cpython-313-x86_64-linux-gnu.so": library(62, needed=("libssl.so.3",)),
        "lib/python3.13/lib-dynload/_sqlite3.cpython-313-x86_64-linux-gnu.so": library(62, needed=("libsqlite3.so.0",)),
        "lib/python3.13/LICENSE.txt": b"PSF",
        "lib/python3.13/email/architecture.rst": b"",
        "share/doc/libc6/copyright": b"LGPL",
        f"{LIBRARIES}/{LOADER}": library(62, needed=()),
        f"{LIBRARIES}/gconv/UTF-7.so": library(62, needed=()),
        **{
            f"{LIBRARIES}/{name}": library(62, needed=tuple(needed))
            for name, needed in {
                "libc.so.6": [LOADER],
                "libm.so.6": ["libc.so.6"],
                "libgcc_s.so.1": [],
                "libssl.so.3": ["libcrypto.so.3", "libc.so.6"],
                "libcrypto.so.3": ["libz.so.1"],
                "libz.so.1": [],
                "libsqlite3.so.0": [],
                "libncursesw.so.6": [],
            }.items()
        },
    }
    for path, data in contents.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    return {path: tmp_path / path for path in contents}


LEFT_OUT = [LeftOut("tests", ("test",)), LeftOut("databases", ("_sqlite*", "json/tool"))]


def test_holds_programs_compiled_modules_licences_and_the_libraries_that_these_need(tree: dict[str, Path]) -> None:
    entries = {entry.path: entry for entry in runtime.entries("amd64", tree, LEFT_OUT)}
    assert sorted(path for path, entry in entries.items() if entry.kind == "file") == [
        "bin/python3",
        "bin/python3.13",
        "lib/python3.13/LICENSE.txt",
        "lib/python3.13/json/__init__.pyc",
        "lib/python3.13/lib-dynload/_ssl.cpython-313-x86_64-linux-gnu.so",
        "lib/python3.13/os.pyc",
        *(f"{LIBRARIES}/{name}" for name in (LOADER, "libc.so.6", "libcrypto.so.3", "libgcc_s.so.1", "libm.so.6")),
        *(f"{LIBRARIES}/{name}" for name in ("libssl.so.3", "libz.so.1")),
        "share/doc/libc6/copyright",
    ]
    assert {path for path, entry in entries.items() if entry.kind == "file" and entry.mode == 0o755} == {
        "bin/python3",
        "bin/python3.13",
        f"{LIBRARIES}/{LOADER}",
    }
    for path in entries:
        parent = path.rpartition("/")[0]
        assert not parent or entries[parent].kind == "directory"


def test_a_path_to_leave_out_that_is_not_there_is_an_error(tree: dict[str, Path]) -> None:
    with pytest.raises(ValueError, match="not there to begin with: gone, json/none"):
        runtime.entries("amd64", tree, [*LEFT_OUT, LeftOut("stale", ("json/none", "gone"))])


def test_a_module_that_python_would_check_at_each_start_is_an_error(tree: dict[str, Path]) -> None:
    tree["lib/python3.13/__pycache__/os.cpython-313.pyc"].write_bytes(bytes(16))
    with pytest.raises(ValueError, match=r"os.cpython-313.pyc: not compiled with an unchecked hash"):
        runtime.entries("amd64", tree, LEFT_OUT)


def test_a_library_that_no_package_has_is_an_error(tree: dict[str, Path]) -> None:
    del tree[f"{LIBRARIES}/libz.so.1"]
    with pytest.raises(ValueError, match=r"libz.so.1: needed, but no package"):
        runtime.entries("amd64", tree, LEFT_OUT)


def test_a_library_of_another_architecture_is_an_error(tree: dict[str, Path]) -> None:
    tree[f"{LIBRARIES}/libz.so.1"].write_bytes(library(183, needed=()))
    with pytest.raises(ValueError, match=r"libz.so.1: not made for amd64"):
        runtime.entries("amd64", tree, LEFT_OUT)


@pytest.mark.parametrize(
    ("module", "pattern", "matches"),
    [
        ("test", "test", True),
        ("test/a/b", "test", True),
        ("testing", "test", False),
        ("_test_x", "_test*", True),
        ("encodings/cp775", "encodings/cp7*", True),
        ("encodings/cp775", "cp7*", False),
        ("a/b", "a*b", False),
        ("json/__init__", "json/tool", False),
    ],
)
def test_a_pattern_is_for_one_level_and_all_below_it(module: str, pattern: str, matches: bool) -> None:
    assert (LeftOut("", (pattern,)).match(module) is not None) is matches
