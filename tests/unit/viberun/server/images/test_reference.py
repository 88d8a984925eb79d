from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.viberun.installed import BUILD
from tests.unit.viberun.strategies import repositories
from viberun import channel
from viberun.errors import UsageError
from viberun.server.images.reference import Reference, reference, references

ENVIRON = {"VIBERUN_IMAGE": "ghcr.io/o/viberun:dev", "VIBERUN_PROXY_IMAGE": "localhost:5000/p"}


@pytest.mark.parametrize(
    ("text", "repository", "tag"),
    [
        ("ghcr.io/o/viberun:dev", "ghcr.io/o/viberun", "dev"),
        ("127.0.0.1:5000/a/b:1.0-x", "127.0.0.1:5000/a/b", "1.0-x"),
        ("localhost:5000/a", "localhost:5000/a", "latest"),
        ("debian", "debian", "latest"),
        ("[::1]:5000/a:t", "[::1]:5000/a", "t"),
    ],
)
def test_a_name_is_a_repository_and_a_tag(text: str, repository: str, tag: str) -> None:
    assert Reference.parse(text, "V") == Reference(repository, tag)
    assert str(Reference(repository, tag)) == f"{repository}:{tag}"


@pytest.mark.parametrize("text", ["", "A", "a b", "-x", "a:", "a@sha256:0", "a/../b", "a\n", "http://a/b", "x" * 500])
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="VIBERUN_IMAGE is"):
        Reference.parse(text, "VIBERUN_IMAGE")


@given(st.text(max_size=300))
def test_garbage_is_a_name_or_one_line(text: str) -> None:
    try:
        said = str(Reference.parse(text, "V"))
    except UsageError as error:
        said = str(error)
    assert "\n" not in said


@given(repositories.filter(bool))
def test_every_repository_of_github_has_images(repository: str) -> None:
    for name, text in channel.defaults("dev", replace(BUILD, repository=repository)).items():
        if name in channel.IMAGES.values():
            Reference.parse(text, name)


def test_the_environment_names_the_images() -> None:
    found = references(ENVIRON)
    assert {name: str(each) for name, each in found.items()} == {
        "viberun": "ghcr.io/o/viberun:dev",
        "viberun-proxy": "localhost:5000/p:latest",
    }


@pytest.mark.parametrize(("channel", "tag"), [("dev", "dev"), ("prod", "latest")])
def test_without_it_the_channel_does(channel: str, tag: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("viberun.embedded.text", BUILD.to_json)
    assert str(reference("viberun", {"VIBERUN_CHANNEL": channel})) == f"ghcr.io/owner/name/viberun:{tag}"


def test_a_build_without_a_repository_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    monkeypatch.setattr("viberun.embedded.text", replace(BUILD, repository=None).to_json)
    with pytest.raises(UsageError, match="set VIBERUN_PROXY_IMAGE to the image's name"):
        reference("viberun-proxy", {})
    with pytest.raises(UsageError, match="set VIBERUN_IMAGE to the image's name"):
        references({})


def test_an_image_that_nothing_names_is_left_out_beside_one_that_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    monkeypatch.setattr("viberun.embedded.text", replace(BUILD, repository=None).to_json)
    assert {name: str(each) for name, each in references({"VIBERUN_IMAGE": "o/viberun:dev"}).items()} == {
        "viberun": "o/viberun:dev"
    }
