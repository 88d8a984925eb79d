"""ruff and mypy --strict over every Python file."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.checks.conftest import script_of_wheel

Run = Callable[[Sequence[str]], None]


def is_script(file: Path) -> bool:
    """Whether `file` is Python that says so in its first line alone."""
    with file.open("rb") as content:
        return not file.suffix and re.match(rb"#!.*\bpython3\b", content.readline()) is not None


@pytest.fixture(scope="session")
def sources(workspace: Path, tracked: list[str]) -> list[str]:
    found = [path for path in tracked if path.endswith(".py") or is_script(workspace / path)]
    assert any(not path.endswith(".py") for path in found)
    return found


def test_ruff_finds_nothing(run: Run, sources: list[str]) -> None:
    run([str(script_of_wheel("ruff")), "check", "--no-cache", *sources])


def test_everything_is_formatted(run: Run, sources: list[str]) -> None:
    run([str(script_of_wheel("ruff")), "format", "--check", "--no-cache", *sources])


def test_types_hold(run: Run, sources: list[str], python: list[str], tmp_path: Path) -> None:
    run([*python, "-m", "mypy", "--scripts-are-modules", f"--cache-dir={tmp_path}", *sources])


def test_what_ships_to_users_is_python_3_9(run: Run, sources: list[str], python: list[str]) -> None:
    shipped = [path for path in sources if path.startswith(("viberun/", "pkg_pypi/viberun/", "tools/pex/start.py"))]
    assert shipped
    vermin = [*python, "-c", "import vermin; vermin.main()", "--target=3.9-", "--violations", "--eval-annotations"]
    run([*vermin, *shipped])
