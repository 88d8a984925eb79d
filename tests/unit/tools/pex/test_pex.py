import hashlib
import os
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from tools.pex import archive, build, stamp

PROGRAM = """
import os, sys
def main():
    loader = sys.modules["demo"].__spec__.loader
    print(loader.get_data(os.path.join(sys.modules["demo"].__path__[0], "version.json")).decode(), *sys.argv[1:])
    return 7
"""
SOURCES = {"demo/__init__.py": "", "demo/run.py": PROGRAM, "demo/data.txt": "x"}
OLD_PYTHON = """
import runpy, sys
sys.version_info = (3, 8, 1)
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def make(folder: Path, sources: Mapping[str, str] = SOURCES, wheels: tuple[Path, ...] = ()) -> Path:
    """Builds the demo program in `folder`; returns the unstamped PEX."""
    files = {}
    for name, text in sources.items():
        files[name] = folder / "src" / name
        files[name].parent.mkdir(parents=True, exist_ok=True)
        files[name].write_text(text)
    scratch = folder / "scratch"
    scratch.mkdir()
    build.build(build.Program("demo", "demo.run:main", files, wheels), folder / "demo.pex", scratch)
    return folder / "demo.pex"


def run(*command: object, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.defpath, **variables}
    return subprocess.run(
        [*map(str, command)], env=environment, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.fixture(scope="module")
def unstamped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("unstamped"))


@pytest.fixture
def program(unstamped: Path, tmp_path: Path) -> Path:
    out = tmp_path / "demo"
    stamp.stamp(unstamped, {"demo/version.json": b"version-1"}, out)
    return out


def test_two_builds_in_different_folders_have_the_same_bytes(unstamped: Path, tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        again = make(tmp_path)
    finally:
        os.umask(before)
    assert again.read_bytes() == unstamped.read_bytes()


def test_stamping_twice_gives_the_same_bytes(unstamped: Path, program: Path, tmp_path: Path) -> None:
    stamp.stamp(unstamped, {"demo/version.json": b"version-1"}, tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == program.read_bytes()


def test_the_result_is_executable_and_asks_for_any_python3(program: Path) -> None:
    assert program.stat().st_mode & 0o777 == 0o755
    assert program.read_bytes().startswith(b"#!/usr/bin/env python3\n")


def test_the_archive_holds_the_program_and_nothing_compiled(program: Path) -> None:
    names = zipfile.ZipFile(program).namelist()
    assert names == sorted(names)
    assert [name for name in names if not name.startswith((".bootstrap/", "__pex__/")) and not name.endswith("/")] == [
        "PEX-INFO",
        "__main__.py",
        "__pex_main__.py",
        "demo/__init__.py",
        "demo/data.txt",
        "demo/run.py",
        "demo/version.json",
    ]
    assert not [name for name in names if name.endswith(".pyc")]


def test_arguments_and_exit_status_pass_through_and_no_cache_is_written(program: Path, tmp_path: Path) -> None:
    result = run(sys.executable, program, "a b", "-x", HOME=str(tmp_path / "home"))
    assert (result.returncode, result.stdout, result.stderr) == (7, "version-1 a b -x\n", "")
    assert not (tmp_path / "home").exists()


def test_what_the_start_imports_is_stored_uncompressed(program: Path) -> None:
    compressed = {
        info.filename for info in zipfile.ZipFile(program).infolist() if info.compress_type != zipfile.ZIP_STORED
    }
    assert not {name for name in compressed if name == "__main__.py" or name.startswith("demo/")}
    assert any(name.startswith(".bootstrap/") for name in compressed)


def test_a_pex_variable_hands_the_start_to_pex(program: Path, tmp_path: Path) -> None:
    result = run(
        sys.executable,
        program,
        "-c",
        "import demo.run, sys; print(demo.run.__file__)",
        PEX_INTERPRETER="1",
        PEX_ROOT=str(tmp_path / "root"),
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith(str(tmp_path / "root/unzipped_pexes"))


def test_two_versions_started_by_pex_with_one_cache_stay_apart(unstamped: Path, tmp_path: Path) -> None:
    for version in ("version-1", "version-2"):
        stamp.stamp(unstamped, {"demo/version.json": version.encode()}, tmp_path / version)
        result = run(sys.executable, tmp_path / version, PEX_ROOT=str(tmp_path / "root"))
        assert (result.returncode, result.stdout) == (7, f"{version}\n"), result.stderr


def test_a_pex_that_keeps_its_hash_elsewhere_is_refused(unstamped: Path) -> None:
    members = archive.read(unstamped)
    members["__pex__/__init__.py"] = b"pass\n"
    with pytest.raises(ValueError, match=r"__pex__/__init__\.py"):
        stamp.rehash(members, b"version")


def test_a_python_that_is_too_old_gets_one_line(program: Path) -> None:
    result = run(sys.executable, "-c", OLD_PYTHON, program)
    assert result.returncode == 1
    assert (
        result.stderr
        == f"demo: needs Python 3.9 or newer, and {sys.executable} is 3.8; install a newer one and put it first on PATH\n"
    )


def test_a_pure_wheel_is_imported_on_both_ways_of_starting(tmp_path: Path) -> None:
    wheel = Path(os.environ["PURE_WHEEL"]).resolve()
    text = "import packaging.version\ndef main():\n    print(packaging.version.__file__)\n"
    pex = make(tmp_path, {"demo/__init__.py": "", "demo/run.py": text}, (wheel,))
    assert run(sys.executable, pex).stdout == f"{pex}/.deps/{wheel.name}/packaging/version.py\n"
    by_pex = run(sys.executable, pex, PEX_ROOT=str(tmp_path / "root"))
    assert by_pex.stdout.startswith(str(tmp_path / "root/installed_wheels")), by_pex.stderr


@pytest.mark.parametrize(
    "name",
    ["a-1.0-cp313-cp313-linux_x86_64.whl", "a-1.0-py2-none-any.whl", "a-1.0-py3-none-macosx_11_0_arm64.whl", "a.whl"],
)
def test_a_wheel_for_one_platform_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        build.requirement(Path(name))


def test_the_programs_take_a_manifest(tmp_path: Path, unstamped: Path) -> None:
    (tmp_path / "version.json").write_text("version-3")
    manifest = {
        "pex": str(unstamped),
        "files": {"demo/version.json": str(tmp_path / "version.json")},
        "out": str(tmp_path / "out"),
    }
    stamp.main(manifest)
    assert run(sys.executable, tmp_path / "out").stdout == "version-3\n"
    assert (
        hashlib.sha256((tmp_path / "out").read_bytes()).hexdigest()
        != hashlib.sha256(unstamped.read_bytes()).hexdigest()
    )
