import base64
import json
from pathlib import Path

import pytest

from release.destinations.ghcr.credentials import Credentials, CredentialsError, find


def config(folder: Path, **fields: object) -> dict[str, str]:
    (folder / "config.json").write_text(json.dumps(fields))
    return {"DOCKER_CONFIG": str(folder)}


def basic(user: str, secret: str) -> dict[str, str]:
    return {"auth": base64.b64encode(f"{user}:{secret}".encode()).decode()}


@pytest.mark.parametrize("server", ["ghcr.io", "https://ghcr.io", "https://ghcr.io/v2/"])
def test_a_stored_login_is_found_under_any_spelling_of_the_server(tmp_path: Path, server: str) -> None:
    environ = config(tmp_path, auths={"other.example": basic("no", "no"), server: basic("me", "s:3")})
    assert find("ghcr.io", environ) == Credentials("me", "s:3")


def test_a_stored_login_comes_before_the_token_of_the_environment(tmp_path: Path) -> None:
    environ = config(tmp_path, auths={"ghcr.io": basic("me", "s3")}) | {"GITHUB_TOKEN": "t", "GITHUB_ACTOR": "a"}
    assert find("ghcr.io", environ) == Credentials("me", "s3")
    assert find("other.example", environ) == Credentials("a", "t")


@pytest.fixture
def helpers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of PATH in which docker's SDK looks for helpers."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder


def helper(folder: Path, name: str, script: str) -> None:
    (folder / f"docker-credential-{name}").write_text(f"#!/bin/sh\nread -r server\n{script}\n")
    (folder / f"docker-credential-{name}").chmod(0o755)


NOTHING = 'echo "credentials not found in native keychain"; exit 1'


def test_a_helper_for_the_registry_comes_before_the_general_one(tmp_path: Path, helpers: Path) -> None:
    helper(helpers, "special", 'echo \'{"ServerURL": "", "Username": "<token>", "Secret": "identity"}\'')
    helper(helpers, "general", 'echo "{\\"Username\\": \\"$1\\", \\"Secret\\": \\"$server\\"}"')
    environ = config(tmp_path, credHelpers={"ghcr.io": "special"}, credsStore="general")
    assert find("ghcr.io", environ) == Credentials("", "identity")
    assert find("other.example", environ) == Credentials("get", "other.example")


def test_a_helper_that_knows_nothing_leaves_it_to_what_is_stored(tmp_path: Path, helpers: Path) -> None:
    helper(helpers, "empty", NOTHING)
    environ = config(tmp_path, credsStore="empty", auths={"ghcr.io": basic("me", "s3")})
    assert find("ghcr.io", environ) == Credentials("me", "s3")
    assert find("other.example", environ) is None


def test_a_helper_that_is_missing_or_fails_is_an_error_without_what_it_said(tmp_path: Path, helpers: Path) -> None:
    environ = config(tmp_path, credHelpers={"ghcr.io": "missing"}, credsStore="locked")
    helper(helpers, "locked", "echo s3cret; echo the keychain is locked >&2; exit 1")
    for registry in ("ghcr.io", "other.example"):
        with pytest.raises(CredentialsError, match=f"docker's stored login for {registry} can't be read") as caught:
            find(registry, environ)
        assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("name", ["GITHUB_TOKEN", "GH_TOKEN"])
def test_the_token_for_github_counts_where_nothing_is_stored(tmp_path: Path, name: str) -> None:
    environ = {"DOCKER_CONFIG": str(tmp_path), name: "t"}
    assert find("ghcr.io", environ) == Credentials("x-access-token", "t")
    assert find("ghcr.io", environ | {"GITHUB_ACTOR": "me"}) == Credentials("me", "t")


def test_what_docker_takes_for_empty_is_empty(tmp_path: Path) -> None:
    environ = config(tmp_path, auths=None, credHelpers=None, credsStore=None)
    assert find("ghcr.io", environ) is None


@pytest.mark.parametrize(
    "fields",
    [
        {"auths": ["ghcr.io"]},
        {"credHelpers": "store"},
        {"auths": {"ghcr.io": "bWU6czM="}},
        {"auths": {"ghcr.io": {"auth": 7}}},
    ],
)
def test_a_configuration_of_another_form_is_an_error(tmp_path: Path, fields: dict[str, object]) -> None:
    with pytest.raises(CredentialsError):
        find("ghcr.io", config(tmp_path, **fields))


def test_without_any_login_there_is_none(tmp_path: Path) -> None:
    assert find("ghcr.io", {"DOCKER_CONFIG": str(tmp_path)}) is None
    assert find("ghcr.io", config(tmp_path, auths={"ghcr.io": {}})) is None


def test_a_configuration_that_is_none_is_an_error_without_its_content(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("s3cret {")
    with pytest.raises(CredentialsError, match="run 'docker login ghcr") as caught:
        find("ghcr.io", {"DOCKER_CONFIG": str(tmp_path)})
    assert "s3cret" not in str(caught.value)
    with pytest.raises(CredentialsError, match=r"docker login ghcr\.io"):
        find("ghcr.io", config(tmp_path, auths={"ghcr.io": {"auth": "%%%"}}))


def test_a_secret_is_in_no_representation() -> None:
    assert "s3cret" not in repr(Credentials("me", "s3cret"))
