from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.viberun.installed import BUILD, COMMIT
from tests.unit.viberun.strategies import commits, repositories, seconds
from tools.stamp import workspace_status
from viberun.errors import InvalidError, ViberunError
from viberun.version import Channel, Version

CLEAN = {
    "STABLE_VIBERUN_COMMIT": COMMIT,
    "STABLE_VIBERUN_TIMESTAMP": "1769344245",
    "STABLE_VIBERUN_STATE": "clean",
    "STABLE_VIBERUN_TAGS": "",
    "STABLE_VIBERUN_GITHUB": "https://github.com",
    "STABLE_VIBERUN_REGISTRY": "ghcr.io",
    "STABLE_VIBERUN_REPOSITORY": "owner/name",
    "STABLE_VIBERUN_REPOSITORY_ID": "",
}


def status(**facts: str) -> dict[str, str]:
    return {**CLEAN, **{f"STABLE_VIBERUN_{name}": value for name, value in facts.items()}}


def test_a_clean_commit_makes_a_dev_build() -> None:
    assert workspace_status.read(CLEAN, "dev") == BUILD


def test_the_status_is_read_as_bazel_writes_it() -> None:
    text = "BUILD_EMBED_LABEL \nSTABLE_OTHER a b c\n" + "".join(f"{key} {value}\n" for key, value in CLEAN.items())
    assert workspace_status.read(text, "dev") == BUILD
    without_trailing_space = text.replace("STABLE_VIBERUN_TAGS \n", "STABLE_VIBERUN_TAGS\n")
    assert workspace_status.read(without_trailing_space, "dev") == BUILD


def test_the_repository_s_number_is_a_fact_of_the_build() -> None:
    assert workspace_status.read(status(REPOSITORY_ID="900100200"), "dev") == replace(BUILD, repository_id="900100200")
    with pytest.raises(InvalidError, match="repository_id must be GitHub's number of it, not 'acme'"):
        workspace_status.read(status(REPOSITORY_ID="acme"), "dev")


@pytest.mark.parametrize("state", ["dirty", "shallow"])
def test_a_tree_that_is_not_wholly_its_commit_makes_a_dirty_build(state: str) -> None:
    build = workspace_status.read(status(STATE=state), "dev")
    assert build.version.semver == "0.0.0-dev.20260125123045+abc1234.dirty"
    assert build.commit == COMMIT


@pytest.mark.parametrize("timestamp", ["", "0"])
def test_outside_a_git_tree_the_build_is_dirty_and_of_no_commit(timestamp: str) -> None:
    build = workspace_status.read(status(STATE="none", COMMIT="", TIMESTAMP=timestamp, REPOSITORY=""), "dev")
    assert build.version.semver == "0.0.0-dev.19700101000000+0000000.dirty"
    assert (build.commit, build.committed, build.repository) == (
        workspace_status.NO_COMMIT,
        "1970-01-01T00:00:00Z",
        None,
    )


@given(commits, seconds, st.sampled_from(["clean", "dirty", "shallow"]), repositories)
def test_any_status_of_a_commit_makes_a_build(commit: str, second: int, state: str, repository: str | None) -> None:
    build = workspace_status.read(
        status(COMMIT=commit, TIMESTAMP=str(second), STATE=state, REPOSITORY=repository or ""), "dev"
    )
    assert build.version == Version.dev(second, commit, dirty=state != "clean")
    assert build.repository == repository


@pytest.mark.parametrize(
    ("tags", "version"),
    [
        ("v1.2.3", "1.2.3"),
        ("v1.9.0 v1.10.0 v1.2.3", "1.10.0"),
        ("dev nightly v1.2 v1.2.3 v1.3.0-rc.1", "1.2.3"),
    ],
)
def test_prod_takes_the_highest_tag_that_is_a_version(tags: str, version: str) -> None:
    build = workspace_status.read(status(TAGS=tags), "prod")
    assert (build.version.semver, build.channel, build.commit) == (version, "prod", COMMIT)
    assert build.committed == "2026-01-25T12:30:45Z"


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({}, "no tag of the form vX.Y.Z is at this commit, and prod is built from one; tag the commit"),
        ({"TAGS": "dev v1.2 1.2.3"}, r"\(there are: dev v1.2 1.2.3\)"),
        ({"TAGS": "v1.2.3", "STATE": "dirty"}, "this tree has changes, and prod takes none; commit, stash or remove"),
        ({"TAGS": "v1.2.3", "STATE": "shallow"}, "this clone is shallow, .*; git fetch --unshallow"),
        ({"TAGS": "v1.2.3", "STATE": "none"}, "this is no git tree, .*; clone it with git"),
    ],
)
def test_prod_refuses_in_one_line_with_the_remedy(facts: dict[str, str], message: str) -> None:
    with pytest.raises(ViberunError, match=message) as error:
        workspace_status.read(status(**facts), "prod")
    assert len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize("channel", ["dev", "prod"])
def test_a_status_without_our_keys_is_refused_with_all_of_them(channel: Channel) -> None:
    with pytest.raises(InvalidError, match="bazelrc") as error:
        workspace_status.read("STABLE_VIBERUN_STATE clean\n", channel)
    assert error.value.problems == tuple(
        f"STABLE_VIBERUN_{name} is missing"
        for name in ("COMMIT", "TIMESTAMP", "TAGS", "REPOSITORY", "REPOSITORY_ID", "GITHUB", "REGISTRY")
    )


@pytest.mark.parametrize(
    ("facts", "problem"),
    [
        ({"STATE": "tidy"}, "STATE 'tidy'"),
        ({"STATE": ""}, "STATE ''"),
        ({"COMMIT": ""}, "no COMMIT, though STATE is clean"),
        ({"TIMESTAMP": "yesterday"}, "TIMESTAMP 'yesterday'"),
        ({"TIMESTAMP": "-1"}, "TIMESTAMP '-1'"),
        ({"TIMESTAMP": "999999999999"}, "no time that a version can have"),
        ({"COMMIT": "abc1234"}, "is no commit"),
        ({"REPOSITORY": "owner"}, "repository must be of the form owner/name"),
        ({"REPOSITORY": "https://example.org/owner/name"}, "repository must be of the form owner/name"),
    ],
)
def test_a_status_that_cannot_be_is_refused(facts: dict[str, str], problem: str) -> None:
    with pytest.raises(ViberunError, match=problem):
        workspace_status.read(status(**facts), "dev")
    if facts.get("REPOSITORY") is None:
        return
    with pytest.raises(ViberunError, match=problem):
        workspace_status.read(status(TAGS="v1.2.3", **facts), "prod")


def test_a_prod_build_too_is_refused_where_its_time_cannot_be() -> None:
    with pytest.raises(ViberunError, match="no time"):
        workspace_status.read(status(TAGS="v1.2.3", TIMESTAMP="999999999999"), "prod")
