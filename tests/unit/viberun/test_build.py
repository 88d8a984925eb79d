from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from tests.unit import golden
from tests.unit.viberun.installed import BUILD, COMMIT
from tests.unit.viberun.strategies import builds
from viberun import embedded
from viberun.build import Build
from viberun.errors import InvalidError, ViberunError


def document(**fields: Any) -> str:
    return json.dumps({**json.loads(BUILD.to_json()), **fields})


def test_version_json_looks_as_it_should() -> None:
    golden.check("tests/unit/viberun/golden/version.json", BUILD.to_json())


@given(builds())
def test_version_json_has_sorted_keys_and_is_read_back(build: Build) -> None:
    text = build.to_json()
    assert Build.from_json(text) == Build.from_json(text.encode()) == build
    names = {"channel", "commit", "committed", "github", "registry", "repository", "spellings", "version"}
    assert list(json.loads(text)) == sorted(names | ({"repository_id"} if build.repository_id else set()))


def test_a_build_from_before_it_knew_where_it_was_at_is_at_github_and_ghcr() -> None:
    before = {name: value for name, value in json.loads(BUILD.to_json()).items() if name not in ("github", "registry")}
    assert Build.from_json(json.dumps(before)) == BUILD


@given(builds())
def test_the_version_is_found_without_a_json_parser(build: Build) -> None:
    assert embedded.version_in(build.to_json()) == build.version.semver


@pytest.mark.parametrize("text", ["", "{}", '{"version": "', '{"version": null}'])
def test_a_damaged_version_json_is_noticed_without_a_json_parser(text: str) -> None:
    with pytest.raises(ViberunError, match="damaged; install viberun again"):
        embedded.version_in(text)


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("", ["is not JSON: Expecting value: line 1 column 1 (char 0)"]),
        ("[]", ["the document must be an object, not an array"]),
        (
            "{}",
            [f"{key} is missing" for key in ("version", "channel", "commit", "committed", "repository", "spellings")],
        ),
        (document(channel="beta"), ["channel must be dev or prod, not 'beta'"]),
        (document(channel="prod"), [f"{BUILD.version} is a version of the channel dev, not prod"]),
        (document(commit="abc1234"), ["commit must be 40 lower-case hex digits, not 'abc1234'"]),
        (document(commit="f" * 40), [f"{BUILD.version} is not the version of commit {'f' * 40}"]),
        (document(committed="2026-01-25"), ["committed must be of the form YYYY-MM-DDThh:mm:ssZ, not '2026-01-25'"]),
        (
            document(committed="2026-13-25T12:30:45Z"),
            ["committed: '20261325123045' is no time of the form YYYYMMDDhhmmss"],
        ),
        (
            document(committed="2026-01-25T12:30:46Z"),
            [f"{BUILD.version} is not the version of a commit of 2026-01-25T12:30:46Z"],
        ),
        (document(repository=""), ["repository must be of the form owner/name, not ''"]),
        (document(github="ftp://x"), ["github must be an address without a slash at the end, not 'ftp://x'"]),
        (document(registry="ghcr.io/x"), ["registry must be of the form host[:port], not 'ghcr.io/x'"]),
        (document(repository=["owner", "name"]), ["repository must be a text, not an array"]),
        (document(version="1.2"), ["'1.2' is not a version of viberun"]),
        (
            document(version=BUILD.version.oci),
            [f"version must be {BUILD.version.semver}, not '{BUILD.version.oci}'"],
        ),
        (document(version=BUILD.version.npm), [f"{BUILD.version.npm} is not the version of commit {COMMIT}"]),
        (
            document(spellings={**BUILD.version.spellings, "npm": "1.2.3", "git": "v1.2.3"}),
            [
                f"spellings.npm must be {BUILD.version.npm}, not '1.2.3'",
                "spellings.git must be dev, not 'v1.2.3'",
            ],
        ),
        (document(spellings={}), [f"spellings.{name} is missing" for name in BUILD.version.spellings]),
        (document(channel=1, commit=None), ["channel must be a text, not a number", "commit must be a text, not null"]),
    ],
)
def test_a_wrong_version_json_is_refused_with_every_problem(text: str, problems: list[str]) -> None:
    with pytest.raises(InvalidError) as error:
        Build.from_json(text)
    assert list(error.value.problems) == problems
    assert "install viberun again" in str(error.value)


def test_unknown_fields_of_version_json_are_left_alone() -> None:
    assert Build.from_json(document(later="more")) == BUILD


def test_facts_that_do_not_agree_make_no_build() -> None:
    with pytest.raises(InvalidError) as error:
        Build(BUILD.version, "prod", "x", "then", "nobody")
    assert len(error.value.problems) == 4
