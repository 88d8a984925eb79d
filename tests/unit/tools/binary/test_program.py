import importlib.util
import marshal
import os
from pathlib import Path

import pytest

from tools.binary import program
from tools.binary.program import Source


def tree(folder: Path, files: dict[str, str]) -> list[Source]:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return [Source(folder / path, path) for path in files]


def packed(folder: Path, files: dict[str, str]) -> dict[str, bytes]:
    sources = tree(folder, {"start": "pass", **files})
    return {entry.path: bytes(entry.data) for entry in program.entries(sources[0].file, sources[1:])}


def test_modules_are_there_compiled_alone_and_are_never_checked_against_a_source(tmp_path: Path) -> None:
    members = packed(tmp_path, {"a/__init__.py": "", "a/b.py": "x = 1"})
    assert sorted(members) == ["__main__.pyc", "a", "a/__init__.pyc", "a/b.pyc"]
    for path in ("__main__.pyc", "a/b.pyc"):
        assert members[path][:4] == importlib.util.MAGIC_NUMBER
        assert members[path][4:8] == b"\x01\0\0\0"  # PEP 552: by hash, not checked


def test_the_bytes_depend_neither_on_the_folder_nor_on_dates(tmp_path: Path) -> None:
    text = "def f(a, b=(1, 2)):\n    return {a: b, 'name': __name__}\n"
    one = packed(tmp_path / "one", {"a/b.py": text, "a/c.py": "import a.b"})
    two = tmp_path / "two" / "longer"
    two.mkdir(parents=True)
    sources = tree(two, {"start": "pass", "a/c.py": "import a.b", "a/b.py": text})
    for source in sources:
        os.utime(source.file, (1, 1))
    assert {entry.path: entry.data for entry in program.entries(sources[0].file, sources[1:])} == one


def test_tracebacks_name_the_path_in_the_program(tmp_path: Path) -> None:
    code = marshal.loads(packed(tmp_path, {"a/b.py": "x = 1"})["a/b.pyc"][16:])
    assert code.co_filename == "a/b.py"


def test_data_goes_in_and_what_installers_and_type_checkers_read_does_not(tmp_path: Path) -> None:
    files = ["a/cacert.pem", "a/py.typed", "a/b.pyi", "x.dist-info/METADATA", "x.dist-info/RECORD", "x.dist-info/WHEEL"]
    members = packed(tmp_path, dict.fromkeys(files, "text"))
    assert sorted(members) == ["__main__.pyc", "a", "a/cacert.pem", "x.dist-info", "x.dist-info/METADATA"]


def test_native_code_is_left_out_for_its_twin_in_python(tmp_path: Path) -> None:
    native = ".cpython-313-x86_64-linux-gnu.so"
    members = packed(tmp_path, {"a/md.py": "", f"a/md{native}": "", f"0123__mypyc{native}": ""})
    assert sorted(members) == ["__main__.pyc", "a", "a/md.pyc"]


def test_native_code_without_a_twin_is_refused_with_every_problem_at_once(tmp_path: Path) -> None:
    sources = tree(tmp_path, {"start": "", "a/fast.so": "", "b.abi3.so": "", "same.py": ""})
    with pytest.raises(ValueError, match=r"same.py: from two places; a/fast.so: native .*; b.abi3.so: native"):
        program.entries(sources[0].file, [*sources[1:], Source(tmp_path / "start", "same.py")])
