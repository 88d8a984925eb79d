import io
import re
from collections.abc import Mapping
from dataclasses import replace

import pytest

from release.destinations.github.api import Api
from release.destinations.github.destination import GitHubRelease
from release.destinations.github.model import Release
from release.driver.outcome import Done, Skipped
from release.driver.progress import Progress, Style
from release.transport.http import Http
from release.transport.patience import Patience
from tests.release.builds import Builds
from tests.release.github.access import Access
from tests.release.github.server import GitHub
from tests.release.github.state import NOT_FOUND, RefusedError
from tests.unit.release.destinations.github.releasing import (
    SIGNER,
    TOKEN,
    destination,
    meter,
    names,
    plan,
    problems,
    read,
    release,
    step,
    writes,
)
from viberun.errors import ViberunError

pytest_plugins = ["tests.unit.release.destinations.github.releasing"]


def test_a_prod_release_is_not_kept_back_by_workflow_files_since_its_tag_is_there_already(
    github: GitHub, builds: Builds
) -> None:
    commits, repository = github.commits, github.repository
    first = commits.add("one", workflows={"release.yml": "1"})
    bundle = builds.prod("1.2.3", first)
    repository.refs |= {"refs/heads/main": commits.add("two", first, workflows={"release.yml": "2"})}
    github.tokens["ghs_actions"] = Access(workflows=False, installation=True)
    assert problems(github, bundle, token="ghs_actions") == ""
    release(github, bundle, token="ghs_actions")
    assert repository.published("v1.2.3") is not None


def test_prod_is_invisible_until_it_is_published_whole(github: GitHub, builds: Builds) -> None:
    github.repository.immutable_releases = True
    bundle = builds.prod("1.2.3", builds.commit())
    at = destination(github)
    assert at.preflight(bundle, meter()).found == ()
    step("stage", at, bundle)
    step("sign", at, bundle)
    assert github.repository.published("v1.2.3") is None
    for name in ("claim", "publish", "promote", "verify"):
        step(name, at, bundle)
    published = github.repository.published("v1.2.3")
    assert published is not None
    assert published.immutable
    assert github.repository.latest_release() == published
    assert read(github, "v1.2.3", "channel.json") == bundle.manifest.to_json().encode()
    assert {asset.name for asset in bundle.assets} < names(github)
    github.requests.clear()
    release(github, bundle)
    assert writes(github) == []


def test_prod_never_goes_below_the_newest_release(github: GitHub, builds: Builds) -> None:
    release(github, builds.prod("1.2.3", builds.commit()))
    lower = builds.prod("1.2.2", builds.commit())
    assert "1.2.2 is below 1.2.3" in problems(github, lower)
    with pytest.raises(ViberunError, match="below"):
        step("claim", destination(github), lower)
    release(github, builds.prod("1.10.0", builds.commit()))
    latest = github.repository.latest_release()
    assert latest is not None
    assert latest.tag == "v1.10.0"


def test_latest_is_put_right_where_an_older_release_was_published_last(github: GitHub, builds: Builds) -> None:
    older, newer = builds.prod("1.2.3", builds.commit()), builds.prod("1.2.4", builds.commit())
    release(github, newer)
    slow = destination(github)
    step("stage", slow, older)
    step("sign", slow, older)
    github.repository.create_release("v1.2.3x", "main", None, None, False, False, "true")
    step("promote", slow, newer)
    latest = github.repository.latest_release()
    assert latest is not None
    assert latest.tag == "v1.2.4"


def test_a_prod_tag_on_another_commit_is_a_problem(github: GitHub, builds: Builds) -> None:
    commit = builds.commit()
    github.repository.annotate("v1.2.3", builds.commit(), "Release")
    assert "the tag v1.2.3 is on" in problems(github, builds.prod("1.2.3", commit))


def test_the_page_lists_what_changed_since_the_release_below(github: GitHub, builds: Builds) -> None:
    release(github, builds.prod("1.2.3", builds.commit("Begin")))
    assert "Changes since" not in page(github, "v1.2.3")
    branch = builds.commit("Add tables")
    release(github, builds.prod("1.10.0", builds.commit("Add @charts", parent=branch)))
    assert "Changes since `1.2.3`:" in page(github, "v1.10.0")
    assert re.findall("^- (.*) \\(", page(github, "v1.10.0"), re.MULTILINE) == ["Add @\u200bcharts", "Add tables"]
    release(github, builds.prod("2.0.0", builds.commit("Mend tables", parent=branch)))
    assert "Changes since `1.10.0`:" in page(github, "v2.0.0")
    assert re.findall("^- (.*) \\(", page(github, "v2.0.0"), re.MULTILINE) == ["Mend tables"]
    release(github, builds.prod("2.0.1", github.repository.refs["refs/tags/v2.0.0"]))
    assert "Changes since" not in page(github, "v2.0.1")
    del github.repository.refs["refs/tags/v2.0.1"]
    release(github, builds.prod("2.1.0", builds.commit()))
    assert "Changes since" not in page(github, "v2.1.0")


def test_the_page_is_of_when_it_is_published(github: GitHub, builds: Builds) -> None:
    release(github, builds.prod("1.2.3", builds.commit()))
    slow, newer = destination(github), builds.prod("1.3.0", builds.commit())
    step("stage", slow, newer)
    step("sign", slow, newer)
    release(github, builds.prod("1.2.4", newer.manifest.build.commit))
    step("claim", slow, newer)
    assert "Changes since" not in page(github, "v1.3.0")  # 1.2.4 is of the same commit


@pytest.mark.parametrize("refusal", [RefusedError(500, "this diff is taking too long to generate"), NOT_FOUND])
def test_no_release_fails_for_the_list_of_changes(
    github: GitHub, builds: Builds, monkeypatch: pytest.MonkeyPatch, refusal: RefusedError
) -> None:
    def compare(base: str, head: str) -> None:
        raise refusal

    release(github, builds.prod("1.2.3", builds.commit()))
    at, newer = destination(github), builds.prod("1.3.0", builds.commit())
    step("stage", at, newer)
    step("sign", at, newer)
    monkeypatch.setattr(github.commits, "compare", compare)
    step("claim", at, newer)
    assert page(github, "v1.3.0").endswith("Changes since `1.2.3`:\n\nGitHub does not list them.\n")


def test_two_drafts_that_were_made_at_once_become_one(github: GitHub, builds: Builds) -> None:
    bundle = builds.prod("1.2.3", builds.commit())
    for _ in range(2):
        github.repository.create_release("v1.2.3", "main", None, None, True, False, "false")
    release(github, bundle)
    published = github.repository.published("v1.2.3")
    assert published is not None
    assert published.id == min(github.repository.releases)


def test_a_prod_release_is_never_forced(github: GitHub, builds: Builds) -> None:
    at = destination(github, force=True)
    assert "--force is for dev" in "\n".join(at.preflight(builds.prod("1.2.3", builds.commit()), meter()).found)


@pytest.mark.parametrize("immutable", [True, False])
def test_latest_moves_when_all_places_have_the_release(github: GitHub, builds: Builds, immutable: bool) -> None:
    github.repository.immutable_releases = immutable
    release(github, builds.prod("1.2.3", builds.commit()))
    newer, at = builds.prod("1.2.4", builds.commit()), destination(github)
    step("stage", at, newer)
    step("sign", at, newer)
    step("claim", at, newer)
    assert github.repository.published("v1.2.4") is not None
    assert latest(github) == "v1.2.3"
    assert isinstance(step("promote", at, newer), Done)
    assert latest(github) == "v1.2.4"
    assert isinstance(step("promote", at, newer), Skipped)


def test_the_plan_names_the_move_of_latest_until_it_has_been_made(github: GitHub, builds: Builds) -> None:
    release(github, builds.prod("1.2.3", builds.commit()))
    newer, at = builds.prod("1.2.4", builds.commit()), destination(github)
    moves = ("move", "latest from v1.2.3 to v1.2.4")
    assert moves in [(change.verb, change.subject) for change in plan(at, newer)]
    step("stage", at, newer)
    step("sign", at, newer)
    step("claim", at, newer)
    step("publish", at, newer)
    assert [(change.verb, change.subject) for change in plan(at, newer)] == [moves]
    step("promote", at, newer)
    assert plan(at, newer) == []


def test_a_release_that_was_overtaken_leaves_latest_to_the_newer(github: GitHub, builds: Builds) -> None:
    release(github, builds.prod("1.2.2", builds.commit()))
    older, newer = builds.prod("1.2.3", builds.commit()), builds.prod("1.2.4", builds.commit())
    slow = destination(github)
    for bundle in (older, newer):
        step("stage", slow, bundle)
        step("sign", slow, bundle)
        step("claim", slow, bundle)
    assert "left to 1.2.4" in str(step("promote", slow, older))
    assert latest(github) == "v1.2.2"
    step("promote", slow, newer)
    assert latest(github) == "v1.2.4"


def test_latest_that_a_newer_release_took_amid_the_move_is_given_back(
    github: GitHub, builds: Builds, monkeypatch: pytest.MonkeyPatch
) -> None:
    older, newer = builds.prod("1.2.3", builds.commit()), builds.prod("1.2.4", builds.commit())
    release(github, builds.prod("1.2.2", builds.commit()))
    at, update = destination(github), Api.update_release
    step("stage", at, older)
    step("sign", at, older)
    step("claim", at, older)

    def late(api: Api, number: int, changes: Mapping[str, str | bool]) -> Release:
        monkeypatch.setattr(Api, "update_release", update)
        release(github, newer)
        return update(api, number, changes)

    monkeypatch.setattr(Api, "update_release", late)
    step("promote", at, older)
    assert latest(github) == "v1.2.4"


def test_a_list_that_lags_keeps_latest_neither_back_nor_down(
    github: GitHub, builds: Builds, monkeypatch: pytest.MonkeyPatch
) -> None:
    older, newer = builds.prod("1.2.3", builds.commit()), builds.prod("1.2.4", builds.commit())
    release(github, older)
    at, releases = destination(github), Api.releases
    step("stage", at, newer)
    step("sign", at, newer)
    step("claim", at, newer)
    monkeypatch.setattr(Api, "releases", lambda api: (each for each in releases(api) if each.tag != "v1.2.4"))
    assert at.holder(newer).manifest == newer.manifest
    step("promote", at, newer)
    assert latest(github) == "v1.2.4"
    step("promote", at, older)
    assert latest(github) == "v1.2.4"


def test_nothing_is_published_once_its_tag_has_moved_or_a_file_is_gone(github: GitHub, builds: Builds) -> None:
    bundle, at = builds.prod("1.2.3", builds.commit()), destination(github)
    step("stage", at, bundle)
    step("sign", at, bundle)
    github.repository.update_ref("refs/tags/v1.2.3", builds.commit(), force=True)
    with pytest.raises(ViberunError, match=r"the tag v1\.2\.3 is on"):
        step("claim", at, bundle)
    github.repository.update_ref("refs/tags/v1.2.3", bundle.manifest.build.commit, force=True)
    gone = next(iter(github.repository.assets.values()))
    github.repository.delete_asset(gone.id)
    with pytest.raises(ViberunError, match=rf"is not what was staged: {gone.name}: not there"):
        step("claim", at, bundle)
    assert github.repository.published("v1.2.3") is None


def test_the_draft_that_is_published_is_the_one_with_the_files(
    github: GitHub, builds: Builds, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle, at = builds.prod("1.2.3", builds.commit()), destination(github)
    unseen = github.repository.create_release("v1.2.3", "main", None, None, True, False, "false")
    releases = Api.releases
    monkeypatch.setattr(Api, "releases", lambda api: (each for each in releases(api) if each.id != unseen.id))
    step("stage", at, bundle)
    step("sign", at, bundle)
    monkeypatch.setattr(Api, "releases", releases)
    step("claim", at, bundle)
    assert read(github, "v1.2.3", "channel.json") == bundle.manifest.to_json().encode()


def test_latest_is_verified_too(github: GitHub, builds: Builds) -> None:
    release(github, builds.prod("1.2.3", builds.commit()))
    bundle = builds.prod("1.2.4", builds.commit())
    release(github, bundle)
    github.repository.latest = min(github.repository.releases)
    impatient = Http(Patience(first=0.01, lag=0.1))
    at = GitHubRelease(impatient, {**github.env, "GITHUB_TOKEN": TOKEN}, SIGNER)
    with pytest.raises(ViberunError, match=r"/releases/latest/download/channel\.json is not what was released"):
        step("verify", at, bundle)
    step("promote", at, bundle)
    step("verify", at, bundle)


def page(github: GitHub, tag: str) -> str:
    published = github.repository.published(tag)
    assert published is not None
    return published.body or ""


def latest(github: GitHub) -> str:
    release = github.repository.latest_release()
    assert release is not None
    return release.tag


def test_a_draft_that_was_published_by_hand_is_said_to_be_and_completed(github: GitHub, builds: Builds) -> None:
    bundle = builds.prod("1.2.3", builds.commit())
    github.repository.create_release("v1.2.3", "main", None, None, False, False, "true")

    def said() -> str:
        out = io.StringIO()
        telling = Progress(out, Style(), lambda: 0.0).begin("preflight", "github")
        assert destination(github).preflight(bundle, telling).found == ()
        return out.getvalue()

    assert f"v1.2.3 was published by hand, without {len(bundle.assets) + 1} of its files" in said()
    release(github, bundle)
    assert read(github, "v1.2.3", "channel.json") == bundle.manifest.to_json().encode()
    assert "by hand" not in said()


def test_a_newer_release_counts_by_its_signature_alone(github: GitHub, builds: Builds) -> None:
    bundle, newer, at = (
        builds.prod("1.2.3", builds.commit()),
        builds.prod("1.2.4", builds.commit()),
        destination(github),
    )
    release(github, bundle)
    made = github.repository.create_release("v1.2.4", "main", None, None, False, False, "false")
    assert at.holder(bundle).manifest == bundle.manifest
    for name, content in (
        ("channel.json", newer.manifest.to_json().encode()),
        (newer.manifest.signature_name, b"{}\n"),
    ):
        with github.repository.step():
            begun = github.repository.begin_asset(made.id, name, None, "application/json")
            github.repository.finish_asset(begun.id, content)
        assert at.holder(bundle).manifest == bundle.manifest
    github.repository.delete_asset(begun.id)
    with github.repository.step():
        begun = github.repository.begin_asset(made.id, newer.manifest.signature_name, None, "application/json")
        github.repository.finish_asset(begun.id, SIGNER.sign(newer.manifest, lambda _: None))
    assert at.holder(bundle).manifest == newer.manifest


def test_the_draft_that_is_published_is_the_one_whose_signature_is_good(github: GitHub, builds: Builds) -> None:
    bundle, at = builds.prod("1.2.3", builds.commit()), destination(github)
    step("stage", at, bundle)
    step("sign", at, bundle)
    name = bundle.manifest.signature_name
    (signed,) = (asset for asset in github.repository.assets.values() if asset.name == name)
    github.repository.assets[signed.id] = replace(signed, content=b"{}\n")
    with pytest.raises(ViberunError, match=rf"{name}: sha256 .*, not"):
        step("claim", at, bundle)
    assert github.repository.published("v1.2.3") is None
    step("sign", destination(github), bundle)
    release(github, bundle)
    assert SIGNER.check(bundle.manifest, read(github, "v1.2.3", name)).repository == "octo/viberun"


def test_the_signature_is_counted_among_the_assets_to_come(
    github: GitHub, builds: Builds, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle, at = builds.prod("1.2.3", builds.commit()), destination(github)
    step("stage", at, bundle)
    monkeypatch.setattr("release.destinations.github.prod.MOST", len(bundle.assets) + 1)
    assert "would have more than" in problems(github, bundle)
    monkeypatch.setattr("release.destinations.github.prod.MOST", len(bundle.assets) + 2)
    assert problems(github, bundle) == ""
