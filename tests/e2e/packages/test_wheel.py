"""The wheel, as pip and uv install it."""

from __future__ import annotations

import importlib.util
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tests.e2e.packages.conftest import Environment, Python, Shell

METHOD = """
import os, sys, viberun
from viberun.launcher import install_method
print(install_method(sys.prefix, os.path.dirname(os.path.dirname(viberun.__file__))))
"""

WHERE = """
import sys, viberun.launcher
sys.argv[1:] = ["--version"]
try:
    viberun.launcher.main()
finally:
    print(sys.modules["viberun"].__file__)
"""


@pytest.fixture
def newcomer(shell: Shell, pythons: list[Python]) -> Shell:
    """Surroundings with an empty cache of uv's and the newest Python that is installed here."""
    installed = [python.path for python in pythons if python.supported and not python.pinned]
    if not installed:
        pytest.fail("it takes a Python from 3.9 on that is installed on this machine", pytrace=False)
    settings = {"OFFLINE": "1", "NO_CONFIG": "1", "PYTHON_DOWNLOADS": "never", "PYTHON": str(installed[-1])}
    return replace(shell, variables={f"UV_{key}": value for key, value in settings.items()})


def test_nothing_of_the_repository_can_be_imported_here() -> None:
    assert importlib.util.find_spec("viberun") is None


def test_twine_finds_nothing_to_object_to(wheel: Path, shell: Shell, pinned: Path) -> None:
    wheels = ":".join(path for path in sys.path if path.endswith("/site"))
    said = shell.check(pinned, "-m", "twine", "check", "--strict", wheel, PYTHONPATH=wheels)
    assert "PASSED" in said


def test_installing_gives_both_commands_and_the_module(environment: Environment, shell: Shell, semver: str) -> None:
    for command in (
        environment.command("viberun"),
        environment.command("viberun-dev"),
        [*environment.python, "-m", "viberun"],
    ):
        assert shell.check(*command, "--version") == f"{semver}\n"
    assert shell.check(*environment.command("viberun"), "--help").startswith("usage: viberun ")


def test_an_installed_command_reports_errors_in_a_line(environment: Environment, shell: Shell) -> None:
    result = shell.run(*environment.command("viberun"), "--nonsense")
    assert (result.status, result.stdout) == (2, "")
    assert result.stderr.startswith("viberun: ")
    assert "Traceback" not in result.stderr


def test_the_program_comes_from_the_wheel(environment: Environment, shell: Shell) -> None:
    said = shell.check(*environment.python, "-c", WHERE)
    assert said.splitlines()[-1] == f"{environment.site}/viberun/vendor/viberun/viberun/__init__.py"


def test_pex_takes_over_inside_the_command_when_asked_to(
    environment: Environment, shell: Shell, semver: str, tmp_path: Path
) -> None:
    assert shell.check(*environment.command("viberun"), "--version", PEX_ROOT=str(tmp_path / "root")) == f"{semver}\n"
    assert (tmp_path / "root/unzipped_pexes").is_dir()


def test_the_environment_knows_who_installed_it(environment: Environment, shell: Shell) -> None:
    assert shell.check(*environment.python, "-c", METHOD) == f"{environment.installer}\n"


def test_uvx_runs_the_wheel(newcomer: Shell, uv: Path, wheel: Path, semver: str) -> None:
    uvx = [uv, "tool", "run", "--from", wheel]
    assert newcomer.check(*uvx, "viberun", "--help").startswith("usage: viberun ")
    assert newcomer.check(*uvx, "viberun-dev", "--version") == f"{semver}\n"
    assert newcomer.check(*uvx, "python", "-c", METHOD) == "uvx\n"


def test_uv_tool_installs_the_wheel(newcomer: Shell, uv: Path, home: Path, wheel: Path, semver: str) -> None:
    tools = {"UV_TOOL_DIR": str(home / "tools"), "UV_TOOL_BIN_DIR": str(home / "bin")}
    newcomer.check(uv, "tool", "install", wheel, **tools)
    assert sorted(os.listdir(home / "bin")) == ["viberun", "viberun-dev"]
    assert newcomer.check(home / "bin/viberun-dev", "--version") == f"{semver}\n"
    assert newcomer.check(home / "tools/viberun-dev/bin/python", "-c", METHOD) == "uv\n"


def test_every_python_here_runs_the_program_or_says_why_not(
    pythons: list[Python], program: Path, shell: Shell, semver: str
) -> None:
    for python in pythons:
        result = shell.run(python.path, program, "--version")
        if python.supported:
            assert (result.status, result.stdout, result.stderr) == (0, f"{semver}\n", ""), python
            # The version is printed before anything is imported; the arguments are what Pythons differ in.
            result = shell.run(python.path, program, "channel", "--help")
            assert (result.status, result.stderr) == (0, ""), python
            assert result.stdout.startswith("usage: viberun channel "), python
        else:
            spelt = ".".join(map(str, python.version))
            assert (result.status, result.stdout) == (1, ""), python
            assert result.stderr.startswith("viberun: needs Python 3.9 or newer, and "), python
            assert f" is {spelt}; " in result.stderr
            assert result.stderr.count("\n") == 1
    assert not list(shell.home.iterdir())
