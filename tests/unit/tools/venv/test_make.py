"""The environment for editors and plain pytest: whole by itself, and swapped in at once."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools.venv import make

WHEELS = list(Path(os.environ["RUNFILES_DIR"]).glob("*wheel_*/*.whl"))
BARE = {"PATH": "/usr/bin:/bin"}
PYTEST = ("iniconfig-", "packaging-", "pluggy-", "pygments-", "pytest-")

SHOW = """
import sys, ssl, ctypes, pytest
mapped = {line.rstrip().split(maxsplit=5)[-1] for line in open("/proc/self/maps") if ".so" in line}
print(sys.executable, sys.prefix, sys.base_prefix, *sorted({*mapped, *sys.path} - {""}), sep="\\n")
"""


def run(venv: Path, *arguments: str) -> str:
    """What a program of the environment prints, started as an editor does: with none of this test's environment."""
    command = [str(venv / "bin" / arguments[0]), *arguments[1:]]
    done = subprocess.run(command, env=BARE, cwd=venv.parent, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout


@pytest.fixture(scope="module")
def venv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("a workspace") / ".venv"
    wheels = [path for path in WHEELS if path.name.lower().startswith(PYTEST)]
    assert len(wheels) == len(PYTEST)
    for _ in range(2):
        make.make(folder, Path(sys.base_prefix), wheels, BARE)
    return folder


def test_everything_that_its_python_loads_lies_in_it(venv: Path) -> None:
    assert [
        path
        for path in run(venv, "python", "-c", SHOW).splitlines()
        if not path.startswith(f"{venv}/") and path != str(venv)
    ] == []
    assert [link for link in venv.rglob("*") if link.is_symlink() and not link.resolve().is_relative_to(venv)] == []


def test_it_knows_itself_as_an_environment(venv: Path) -> None:
    assert run(venv, "python", "-c", SHOW).splitlines()[:3] == [f"{venv}/bin/python", str(venv), f"{venv}/interpreter"]


def test_pytest_runs_in_it_as_a_module_and_as_a_program(venv: Path) -> None:
    test = venv.parent / "test_it.py"
    test.write_text("def test_it(): pass\n")
    assert "1 passed" in run(venv, "python", "-m", "pytest", "-p", "no:cacheprovider", str(test))
    assert "1 passed" in run(venv, "pytest", "-p", "no:cacheprovider", str(test))


def test_nothing_is_left_beside_it(venv: Path) -> None:
    assert [path.name for path in venv.parent.iterdir() if path.name.startswith(".venv")] == [".venv"]


def test_one_that_fails_leaves_that_before(tmp_path: Path) -> None:
    before = tmp_path / ".venv"
    before.mkdir()
    with pytest.raises(subprocess.CalledProcessError):
        make.make(before, Path(sys.base_prefix), [tmp_path / "absent-1-py3-none-any.whl"], BARE)
    assert list(tmp_path.iterdir()) == [before]


def test_another_environment_is_not_taken_for_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv/pyvenv.cfg").write_text("home = /usr/bin\n")
    monkeypatch.setenv("BUILD_WORKSPACE_DIRECTORY", str(tmp_path))
    assert make.main([]) == 1
    assert capsys.readouterr().err == f"venv: {tmp_path}/.venv was not made by this command: move it away first\n"
    assert [path.name for path in (tmp_path / ".venv").iterdir()] == ["pyvenv.cfg"]
