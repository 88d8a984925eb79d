import importlib.util
import marshal
import sys
from pathlib import Path

import pytest

from tools.archive.tar import Entry
from tools.oci.layer import bytecode

MTIME = 1_700_000_000
STANDARD = f"usr/lib/{bytecode.VERSION}"
TAG = sys.implementation.cache_tag


def compiled(tmp_path: Path, *entries: Entry) -> dict[str, bytes]:
    made = bytecode.compile_all({entry.path: entry for entry in entries}, MTIME, tmp_path)
    return {entry.path: bytes(entry.data) for entry in made}


def test_a_source_s_compiled_file_is_valid_for_its_time_and_size(tmp_path: Path) -> None:
    source = b"def answer():\n    return 42\n"
    (pyc,) = compiled(tmp_path, Entry("usr/lib/python3/dist-packages/m.py", data=source)).values()
    assert pyc[:16] == importlib.util.MAGIC_NUMBER + bytes(4) + MTIME.to_bytes(4, "little") + len(source).to_bytes(
        4, "little"
    )
    code = marshal.loads(pyc[16:])
    assert code.co_filename == "/usr/lib/python3/dist-packages/m.py"
    names: dict[str, object] = {}
    exec(code, names)
    answer = names["answer"]
    assert callable(answer)
    assert answer() == 42


def test_the_compiled_file_lies_where_python_looks_for_it(tmp_path: Path) -> None:
    found = compiled(tmp_path, Entry(f"{STANDARD}/json/m.py", data=b""), Entry("usr/share/python3/n.py", data=b""))
    assert sorted(found) == [f"{STANDARD}/json/__pycache__/m.{TAG}.pyc", f"usr/share/python3/__pycache__/n.{TAG}.pyc"]


def test_other_files_other_versions_and_what_is_no_python_are_left_alone(tmp_path: Path) -> None:
    entries = [
        Entry(f"{STANDARD}/data.txt"),
        Entry("usr/lib/python2.7/old.py"),
        Entry("usr/bin/tool.py"),
        Entry(f"{STANDARD}/broken.py", data=b"def ("),
        Entry(f"{STANDARD}/away.py", "symlink", link="/nowhere/away.py"),
    ]
    assert compiled(tmp_path, *entries) == {}


def test_a_link_is_compiled_under_its_own_name(tmp_path: Path) -> None:
    link = Entry(f"{STANDARD}/sitecustomize.py", "symlink", link="/etc/python3/sitecustomize.py")
    found = compiled(tmp_path, link, Entry("etc/python3/sitecustomize.py", data=b"x = 1\n"))
    assert list(found) == [f"{STANDARD}/__pycache__/sitecustomize.{TAG}.pyc"]


@pytest.mark.parametrize("same", [True, False])
def test_what_the_interpreter_brought_is_taken_only_for_the_same_source(tmp_path: Path, same: bool) -> None:
    source = b"x = 1\n"
    known = marshal.dumps(compile("known = True", "/known", "exec"))
    header = importlib.util.MAGIC_NUMBER + b"\1\0\0\0" + importlib.util.source_hash(source if same else b"x = 2\n")
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / f"__pycache__/m.{TAG}.pyc").write_bytes(header + known)
    (pyc,) = compiled(tmp_path, Entry(f"{STANDARD}/m.py", data=source)).values()
    assert (pyc[16:] == known) == same
