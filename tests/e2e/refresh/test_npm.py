"""npx and npm, right after a release: what they give, and what the commands that refresh them give."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.e2e.refresh.conftest import Person, without_python
from tests.e2e.refresh.releases import Npm, Release


def test_npx_gives_the_newer_build_with_the_command_that_the_client_names(
    npm_person: Person, npm: Npm, older: Release, newer: Release
) -> None:
    assert npm_person.gets("npx -y viberun@dev --version") == older.version
    hint = npm_person.hint("npx -y viberun@dev")
    assert hint == "npx --prefer-online -y viberun@dev"
    npm.publish(newer)
    # The dist-tag is asked anew, but not the document with the version that it now names.
    plain = npm_person.types("npx -y viberun@dev --version")
    assert plain.status != 0
    assert "No matching version found for viberun@" in plain.error
    assert npm_person.gets(f"{hint} --version") == newer.version
    assert npm_person.gets("npx -y viberun@dev --version") == newer.version


def test_who_has_never_run_it_gets_the_newer_build_at_once(npm_person: Person, npm: Npm, newer: Release) -> None:
    npm.publish(newer)
    assert npm_person.gets("npx -y viberun@dev --version") == newer.version


def test_an_installation_by_npm_is_updated_by_the_command_that_the_client_names(
    npm_person: Person, npm: Npm, older: Release, newer: Release
) -> None:
    npm_person.gets("npm install -g viberun@dev")
    assert npm_person.gets("viberun --version") == older.version
    npm.publish(newer)
    assert npm_person.gets("viberun --version") == older.version
    hint = npm_person.hint("viberun")
    assert hint == "npm install --prefer-online -g viberun@dev"
    npm_person.gets(hint)
    assert npm_person.gets("viberun --version") == newer.version


def test_an_exact_version_is_installed_by_npm(npm_person: Person, npm: Npm, older: Release, newer: Release) -> None:
    npm_person.gets("npm install -g viberun@dev")
    npm.publish(newer)
    told = npm_person.types(f"viberun upgrade --to {newer.version}").error
    command = told.partition("run '")[2].rstrip("'\n")
    assert command == f"npm install --prefer-online -g viberun@{newer.spelt('npm')}"
    npm_person.gets(command)
    assert npm_person.gets("viberun --version") == newer.version


@pytest.mark.parametrize("variables", [{}, {"npm_config_ignore_scripts": "true"}], ids=["scripts", "no scripts"])
@pytest.mark.parametrize("option", ["", "--no-optional"], ids=["all", "no optional"])
def test_npm_needs_neither_python_nor_scripts_nor_optional_packages(
    npm_person: Person, node: str, older: Release, tmp_path: Path, variables: dict[str, str], option: str
) -> None:
    path = f"{npm_person.home / 'prefix/bin'}:{node}:{without_python(tmp_path / 'bin')}"
    person = replace(npm_person, path=path)
    assert person.types("command -v python3 || command -v python").status != 0
    assert person.gets(f"npx {option} -y viberun@dev --version", **variables) == older.version
    person.gets(f"npm install -g {option} viberun@dev", **variables)
    assert person.gets("viberun --version") == older.version
    assert "usage: viberun" in person.gets("viberun --help")
