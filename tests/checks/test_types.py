"""mypy --strict over every Python file."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.checks.conftest import Run


def test_types_hold(run: Run, sources: Mapping[str, Sequence[str]], python: list[str], tmp_path: Path) -> None:
    run([*python, "-m", "mypy", "--scripts-are-modules", f"--cache-dir={tmp_path}", *sources["python"]])
