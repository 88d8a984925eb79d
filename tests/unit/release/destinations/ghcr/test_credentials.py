import base64
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from release.destinations.ghcr.credentials import Credentials, CredentialsError, find, run_helper


def config(folder: Path, **fields: object) -> dict[str, str]:
    (folder / "config.json").write_text(json.dumps(fields))
    return {"DOCKER_CONFIG": str(folder)}


def no_helper(command: Sequence[str], text: str) -> None:
    raise AssertionError(f"{command} was asked for {text}")


def basic(user: str, secret: str) -> dict[str, str]:
    return {"auth": base64.b64encode(f"{user}:{secret}".encode()).decode()}


@pytest.mark.parametrize("server", ["ghcr.io", "https://ghcr.io", "https://ghcr.io/v2/"])
def test_a_stored_login_is_found_under_any_spelling_of_the_server(tmp_path: Path, server: str) -> None:
    environ = config(tmp_path, auths={"other.example": basic("no", "no"), server: basic("me", "s:3")})
    assert find("ghcr.io", environ, no_helper) == Credentials("me", "s:3")


def test_a_stored_login_comes_before_the_token_of_the_environment(tmp_path: Path) -> None:
    environ = config(tmp_path, auths={"ghcr.io": basic("me", "s3")}) | {"GITHUB_TOKEN": "t", "GITHUB_ACTOR": "a"}
    assert find("ghcr.io", environ, no_helper) == Credentials("me", "s3")
    assert find("other.example", environ, no_helper) == Credentials("a", "t")


def test_a_helper_for_the_registry_comes_before_the_general_one(tmp_path: Path) -> None:
    asked = []

    def run(command: Sequence[str], text: str) -> str:
        asked.append((*command, text))
        return '{"ServerURL": "ghcr.io", "Username": "<token>", "Secret": "identity"}'

    environ = config(tmp_path, credHelpers={"ghcr.io": "special"}, credsStore="general")
    assert find("ghcr.io", environ, run) == Credentials("", "identity")
    find("other.example", environ, run)
    assert asked == [
        ("docker-credential-special", "get", "ghcr.io"),
        ("docker-credential-general", "get", "other.example"),
    ]


def test_a_helper_that_knows_nothing_leaves_it_to_what_is_stored(tmp_path: Path) -> None:
    environ = config(tmp_path, credsStore="empty", auths={"ghcr.io": basic("me", "s3")})
    assert find("ghcr.io", environ, lambda command, text: None) == Credentials("me", "s3")


def test_a_real_helper_is_asked_on_standard_input(tmp_path: Path) -> None:
    helper = tmp_path / "docker-credential-real"
    helper.write_text(
        "#!/bin/sh\n"
        'read -r server\n[ "$1 $server" = "get ghcr.io" ] || { echo "credentials not found in native keychain"; exit 1; }\n'
        'echo \'{"Username": "me", "Secret": "s3"}\'\n'
    )
    helper.chmod(0o755)
    environ = config(tmp_path, credsStore="real") | {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    assert find("ghcr.io", environ, run_helper(environ)) == Credentials("me", "s3")
    assert find("other.example", environ, run_helper(environ)) is None


def test_a_helper_that_is_missing_or_fails_is_named(tmp_path: Path) -> None:
    environ = config(tmp_path, credHelpers={"ghcr.io": "missing"}, credsStore="locked") | {"PATH": "/usr/bin:/bin"}
    with pytest.raises(CredentialsError, match="there is no docker-credential-missing on PATH"):
        find("ghcr.io", environ, run_helper(environ))
    helper = tmp_path / "docker-credential-locked"
    helper.write_text("#!/bin/sh\necho s3cret; echo the keychain is locked >&2; exit 1\n")
    helper.chmod(0o755)
    environ["PATH"] = f"{tmp_path}:/usr/bin:/bin"
    with pytest.raises(CredentialsError, match="docker-credential-locked failed: the keychain is locked") as caught:
        find("other.example", environ, run_helper(environ))
    assert "s3cret" not in str(caught.value)


def test_what_docker_takes_for_empty_is_empty(tmp_path: Path) -> None:
    environ = config(tmp_path, auths=None, credHelpers=None, credsStore=None)
    assert find("ghcr.io", environ, no_helper) is None
    assert find("ghcr.io", config(tmp_path, auths={"ghcr.io": None}), no_helper) is None


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
        find("ghcr.io", config(tmp_path, **fields), no_helper)


def test_without_any_login_there_is_none(tmp_path: Path) -> None:
    assert find("ghcr.io", {"DOCKER_CONFIG": str(tmp_path)}, no_helper) is None
    assert find("ghcr.io", config(tmp_path, auths={"ghcr.io": {}}), no_helper) is None


def test_a_configuration_that_is_none_is_an_error_without_its_content(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("s3cret {")
    with pytest.raises(CredentialsError, match="log in again") as caught:
        find("ghcr.io", {"DOCKER_CONFIG": str(tmp_path)}, no_helper)
    assert "s3cret" not in str(caught.value)
    with pytest.raises(CredentialsError, match=r"docker login ghcr\.io"):
        find("ghcr.io", config(tmp_path, auths={"ghcr.io": {"auth": "%%%"}}), no_helper)


def test_a_secret_is_in_no_representation() -> None:
    assert "s3cret" not in repr(Credentials("me", "s3cret"))
