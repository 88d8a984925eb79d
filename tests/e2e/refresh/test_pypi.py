"""uvx, uv and pip, right after a release: what they give, and what the commands that refresh them give."""

from dataclasses import replace

import pytest

from tests.e2e.refresh.conftest import Person
from tests.e2e.refresh.releases import Pypi, Release


def test_uvx_gives_the_newer_build_with_the_command_that_the_client_names(
    pypi_person: Person, pypi: Pypi, older: Release, newer: Release
) -> None:
    assert pypi_person.gets("uvx viberun-dev --version") == older.version
    assert "usage: viberun" in pypi_person.gets("uvx --from viberun-dev viberun --help")
    pypi.publish(newer)
    # As long as the index lets a page be kept: the old one, and no newer version at all.
    assert pypi_person.gets("uvx viberun-dev --version") == older.version
    assert pypi_person.types(f"uvx viberun-dev@{newer.spelt('pypi')} --version").status != 0
    hint = pypi_person.hint("uvx viberun-dev")
    assert hint == "uvx viberun-dev@latest"
    assert pypi_person.gets(f"{hint} --version") == newer.version


def test_uvx_gives_an_exact_version(pypi_person: Person, pypi: Pypi, older: Release, newer: Release) -> None:
    assert pypi_person.gets("uvx viberun-dev --version") == older.version
    pypi.publish(newer)
    told = pypi_person.types(f"uvx viberun-dev upgrade --to {newer.version}").error
    command = told.partition("run '")[2].rstrip("'\n")
    assert pypi_person.gets(f"{command} --version") == newer.version


def test_who_has_never_run_it_gets_the_newer_build_at_once(pypi_person: Person, pypi: Pypi, newer: Release) -> None:
    pypi.publish(newer)
    assert pypi_person.gets("uvx viberun-dev --version") == newer.version


def test_a_tool_of_uv_is_updated_by_the_command_that_the_client_names(
    pypi_person: Person, pypi: Pypi, older: Release, newer: Release
) -> None:
    pypi_person.gets("uv tool install viberun-dev")
    assert pypi_person.gets("viberun --version") == older.version
    pypi.publish(newer)
    hint = pypi_person.hint("viberun")
    assert hint == "uv tool upgrade viberun-dev"
    pypi_person.gets(hint)
    assert pypi_person.gets("viberun --version") == newer.version


@pytest.mark.parametrize(
    ("make", "install", "update"),
    [
        (
            "/usr/bin/python3 -m venv venv",
            "pip install viberun-dev",
            "python3 -m pip install --upgrade viberun-dev",
        ),
        (
            "uv venv venv",
            "uv pip install viberun-dev",
            "uv pip install --refresh --upgrade viberun-dev",
        ),
    ],
    ids=["pip", "uv"],
)
def test_an_environment_is_updated_by_the_command_that_the_client_names(
    pypi_person: Person, pypi: Pypi, older: Release, newer: Release, make: str, install: str, update: str
) -> None:
    pypi_person.gets(make)
    venv = pypi_person.home / "venv"
    variables = {name: value for name, value in pypi_person.variables.items() if name != "UV_PYTHON"}
    person = replace(
        pypi_person, path=f"{venv}/bin:{pypi_person.path}", variables={**variables, "VIRTUAL_ENV": str(venv)}
    )
    person.gets(install)
    assert person.gets("viberun --version") == older.version
    assert person.gets("viberun-dev --version") == older.version
    pypi.publish(newer)
    hint = person.hint("viberun")
    assert hint == update
    person.gets(hint)
    assert person.gets("viberun --version") == newer.version
