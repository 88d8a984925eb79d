"""ruff over every Python file, and what ships to users held to Python 3.9."""

from collections.abc import Mapping, Sequence

from tests.checks.conftest import Run
from tests.checks.tools import script_of_wheel

SHIPPED = ("viberun/", "pkg_pypi/viberun/", "tools/pex/start.py")


def test_ruff_finds_nothing(run: Run, sources: Mapping[str, Sequence[str]]) -> None:
    run([str(script_of_wheel("ruff")), "check", "--no-cache", *sources["python"]])


def test_everything_is_formatted(run: Run, sources: Mapping[str, Sequence[str]]) -> None:
    run([str(script_of_wheel("ruff")), "format", "--check", "--no-cache", *sources["python"]])


def test_programs_without_a_suffix_are_looked_at(sources: Mapping[str, Sequence[str]]) -> None:
    assert any(not path.endswith(".py") for path in sources["python"])


def test_what_ships_to_users_is_python_3_9(run: Run, sources: Mapping[str, Sequence[str]], python: list[str]) -> None:
    shipped = [path for path in sources["python"] if path.startswith(SHIPPED)]
    assert {path.split("/")[0] for path in shipped} == {prefix.split("/")[0] for prefix in SHIPPED}
    vermin = [*python, "-c", "import vermin; vermin.main()", "--target=3.9-", "--violations", "--eval-annotations"]
    run([*vermin, *shipped])
