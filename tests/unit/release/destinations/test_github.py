import io
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from release.bundle import Bundle
from release.destinations.github import GitHubRelease
from release.github.settings import Settings
from release.http import Http
from release.patience import Patience
from release.plan import Done, Skipped
from release.progress import Meter, Progress, Style
from tests.release.builds import Builds
from tests.release.github.access import Access
from tests.release.github.server import GitHub
from tests.release.github.state import Asset
from viberun.errors import ViberunError

TOKEN = "ghs_secret"


@pytest.fixture
def github() -> Iterator[GitHub]:
    with GitHub() as github:
        github.tokens[TOKEN] = Access(installation=True)
        yield github


@pytest.fixture
def builds(github: GitHub, tmp_path: Path) -> Builds:
    return Builds(github, tmp_path)


def destination(github: GitHub, *, token: str | None = TOKEN, keep: int = 20, force: bool = False) -> GitHubRelease:
    environ = dict(github.env) | ({"GITHUB_TOKEN": token} if token else {})
    http = Http(Patience(silence=2, first=0.01, longest=0.05, total=20))
    return GitHubRelease(http, environ, keep=keep, force=force)


def meter() -> Meter:
    return Progress(io.StringIO(), Style(quiet=True), lambda: 0.0).begin("step", "github")


def release(
    github: GitHub, bundle: Bundle, *, token: str = TOKEN, keep: int = 20, force: bool = False
) -> list[Done | Skipped]:
    at = destination(github, token=token, keep=keep, force=force)
    assert at.preflight(bundle, meter()).found == ()
    outcomes = [step(bundle, meter()) for step in (at.stage, at.claim, at.publish, at.promote, at.verify)]
    at.close()
    return outcomes


def problems(github: GitHub, bundle: Bundle, **options: str | None) -> str:
    return "\n".join(destination(github, **options).preflight(bundle, meter()).found)  # type: ignore[arg-type]


def names(github: GitHub) -> set[str]:
    return {asset.name for asset in github.repository.assets.values()}


def read(github: GitHub, tag: str, name: str) -> bytes:
    with urlopen(f"{github.url}/{github.repository.full_name}/releases/download/{tag}/{name}") as answer:
        content: bytes = answer.read()
    return content


def writes(github: GitHub) -> list[str]:
    return [line for line in github.requests if not line.startswith("GET")]


def test_the_first_dev_release_is_there_for_anybody(github: GitHub, builds: Builds) -> None:
    bundle = builds.dev(builds.commit())
    release(github, bundle)
    assert read(github, "dev", "channel.json") == bundle.manifest.to_json().encode()
    for asset in bundle.assets:
        assert read(github, "dev", asset.name) == asset.path.read_bytes()
    (stored,) = github.repository.releases.values()
    assert stored.prerelease
    assert not stored.draft
    assert github.repository.latest_release() is None
    assert github.repository.refs["refs/tags/dev"] == bundle.manifest.build.commit


def test_the_second_dev_release_takes_the_place_of_the_first_whose_files_stay(github: GitHub, builds: Builds) -> None:
    first = builds.dev(builds.commit())
    release(github, first)
    second = builds.dev(builds.commit("Add <b>tables</b> for @everyone"))
    release(github, second)
    assert read(github, "dev", "channel.json") == second.manifest.to_json().encode()
    assert read(github, "dev", "channel.old.json") == first.manifest.to_json().encode()
    assert {asset.name for asset in first.assets} <= names(github)
    body = next(iter(github.repository.releases.values())).body or ""
    assert "Add \\<b\\>tables\\</b\\> for @\u200beveryone" in body
    assert second.manifest.build.commit in body


def test_a_release_takes_few_writes(github: GitHub, builds: Builds) -> None:
    for _ in range(3):
        bundle = builds.dev(builds.commit())
        github.requests.clear()
        release(github, bundle, keep=2)
    uploads, claim, page = len(bundle.assets), 1, 1
    swap, retired = 4, len(bundle.assets)  # upload, delete the old one, two renames
    assert len(writes(github)) == uploads + claim + swap + page + retired


def test_releasing_the_same_commit_again_changes_nothing(github: GitHub, builds: Builds) -> None:
    bundle = builds.dev(builds.commit())
    release(github, bundle)
    github.requests.clear()
    outcomes = release(github, bundle)
    assert writes(github) == []
    assert all(isinstance(outcome, Skipped) for outcome in outcomes[:4])


def test_the_plan_names_what_a_release_would_do_and_is_empty_afterwards(github: GitHub, builds: Builds) -> None:
    release(github, builds.dev(builds.commit()))
    bundle = builds.dev(builds.commit())
    github.requests.clear()
    verbs = [change.verb for change in destination(github).plan(bundle, meter()).changes]
    assert verbs == ["upload"] * len(bundle.assets) + ["move", "swap"]
    assert writes(github) == []
    release(github, bundle)
    assert destination(github).plan(bundle, meter()).changes == ()


def test_an_older_and_a_diverged_commit_are_refused_with_both_named(github: GitHub, builds: Builds) -> None:
    root = builds.commit()
    older, newer = builds.dev(root), builds.dev(builds.commit())
    aside = builds.dev(builds.commit(parent=root))
    release(github, newer)
    for bundle, how in ((older, "older than"), (aside, "on another line of history than")):
        found = problems(github, bundle)
        assert f"{bundle.manifest.build.commit} is {how} {newer.manifest.build.commit}" in found
        with pytest.raises(ViberunError, match=how):
            destination(github).claim(bundle, meter())
    assert github.repository.refs["refs/tags/dev"] == newer.manifest.build.commit


def test_a_tag_that_github_would_move_back_is_fenced_all_the_same(github: GitHub, builds: Builds) -> None:
    github.repository.fast_forward_tags = False
    older, newer = builds.dev(builds.commit()), builds.dev(builds.commit())
    release(github, newer)
    with pytest.raises(ViberunError, match="older than"):
        destination(github).claim(older, meter())


def test_rewritten_history_is_released_with_force_alone(github: GitHub, builds: Builds) -> None:
    root = builds.commit()
    release(github, builds.dev(builds.commit()))
    rewritten = builds.dev(builds.commit("rewritten", parent=root))
    assert "--force" in problems(github, rewritten)
    release(github, rewritten, force=True)
    assert read(github, "dev", "channel.json") == rewritten.manifest.to_json().encode()


def test_a_history_that_was_cut_back_is_released_with_force_alone(github: GitHub, builds: Builds) -> None:
    kept, dropped = builds.dev(builds.commit()), builds.dev(builds.commit())
    release(github, kept)
    release(github, dropped)
    assert "older than" in problems(github, kept)
    release(github, kept, force=True)
    assert read(github, "dev", "channel.json") == kept.manifest.to_json().encode()


def test_a_run_that_was_overtaken_leaves_the_channel_to_the_newer_one(github: GitHub, builds: Builds) -> None:
    older, newer = builds.dev(builds.commit()), builds.dev(builds.commit())
    slow = destination(github)
    slow.stage(older, meter())
    slow.claim(older, meter())
    at = destination(github)
    at.stage(newer, meter())
    at.claim(newer, meter())
    outcome = slow.promote(older, meter())
    assert isinstance(outcome, Done)
    assert str(newer.manifest.build.version) in outcome.what
    assert read(github, "dev", "channel.json") == newer.manifest.to_json().encode()
    assert isinstance(slow.verify(older, meter()), Skipped)
    assert isinstance(at.promote(newer, meter()), Skipped)


def test_an_unfinished_upload_is_done_over(github: GitHub, builds: Builds) -> None:
    bundle = builds.dev(builds.commit())
    release(github, builds.dev(bundle.manifest.build.commit))
    (stored,) = github.repository.releases
    name = bundle.assets[0].name
    starter = github.repository.begin_asset(stored, name, None, "application/octet-stream")
    destination(github).stage(bundle, meter())
    assert starter.id not in github.repository.assets
    assert read(github, "dev", name) == bundle.assets[0].path.read_bytes()


@pytest.mark.parametrize("channel", ["dev", "prod"])
def test_a_manifest_comes_when_all_that_it_names_is_there(
    github: GitHub, builds: Builds, monkeypatch: pytest.MonkeyPatch, channel: str
) -> None:
    commit = builds.commit()
    bundle = builds.dev(commit) if channel == "dev" else builds.prod("1.2.3", commit)
    begin, finish = github.repository.begin_asset, github.repository.finish_asset
    files = {asset.name for asset in bundle.assets if asset.kind != "manifest"}
    lacking = dict[str, set[str]]()

    def noting(release: int, name: str, label: str | None, content_type: str) -> Asset:
        there = {asset.name for asset in github.repository.assets.values() if asset.state == "uploaded"}
        lacking[name] = files - there
        return begin(release, name, label, content_type)

    def slow(asset: int, content: bytes) -> Asset:
        if github.repository.assets[asset].name == bundle.assets[0].name:
            time.sleep(0.3)
        return finish(asset, content)

    monkeypatch.setattr(github.repository, "begin_asset", noting)
    monkeypatch.setattr(github.repository, "finish_asset", slow)
    destination(github).stage(bundle, meter())
    manifests = {bundle.manifest.name} | ({"channel.json"} if channel == "prod" else set())
    assert {name: lacking[name] for name in manifests} == {name: set() for name in manifests}


def test_another_content_under_a_versioned_name_is_an_error_that_changes_nothing(
    github: GitHub, builds: Builds
) -> None:
    bundle = builds.dev(builds.commit())
    release(github, bundle)
    victim = next(asset for asset in github.repository.assets.values() if asset.name == bundle.assets[0].name)
    github.repository.delete_asset(victim.id)
    other = github.repository.begin_asset(victim.release, victim.name, None, victim.content_type)
    github.repository.finish_asset(other.id, b"other")
    github.requests.clear()
    assert victim.name in problems(github, bundle)
    with pytest.raises(ViberunError, match=r"other files under these names.*not "):
        destination(github).stage(bundle, meter())
    assert writes(github) == []


def test_only_the_newest_builds_are_kept_with_their_manifests(github: GitHub, builds: Builds) -> None:
    bundles = [builds.dev(builds.commit()) for _ in range(4)]
    for bundle in bundles:
        release(github, bundle, keep=2)
    kept = {asset.name for bundle in bundles[2:] for asset in bundle.assets}
    assert names(github) == kept | {"channel.json", "channel.old.json"}


def test_a_release_deletes_no_more_than_its_share_and_the_next_goes_on(
    github: GitHub, builds: Builds, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("release.github.retention.MOST_AT_ONCE", 5)
    for _ in range(3):
        release(github, builds.dev(builds.commit()))
    for _ in range(2):
        before, bundle = names(github), builds.dev(builds.commit())
        release(github, bundle, keep=1)
        assert len(before - names(github)) == 5


def test_what_the_old_channel_names_is_kept_even_beyond_the_number(github: GitHub, builds: Builds) -> None:
    first, second = builds.dev(builds.commit()), builds.dev(builds.commit())
    release(github, first)
    release(github, second, keep=1)
    assert {asset.name for asset in first.assets} <= names(github)


def test_preflight_reports_all_problems_with_their_remedies(github: GitHub, builds: Builds) -> None:
    bundle = builds.dev(builds.commit())
    github.repository.private = True
    github.repository.immutable_releases = True
    github.tokens["reader"] = Access(push=False)
    found = problems(github, bundle, token="reader")
    assert "is private" in found
    assert "contents: write" in found
    assert "turn release immutability off" in found
    assert "set GITHUB_TOKEN" in problems(github, bundle, token=None)
    assert "Bad credentials" in problems(github, bundle, token="unknown")


def test_a_commit_that_was_not_pushed_is_a_problem(github: GitHub, builds: Builds) -> None:
    builds.commit()
    with GitHub() as elsewhere:
        bundle = Builds(elsewhere, builds._folder / "elsewhere").dev(elsewhere.commits.add("unpushed"))
    assert "push it" in problems(github, bundle)


def test_a_token_that_may_not_change_workflows_is_found_out_before_anything_moves(
    github: GitHub, builds: Builds
) -> None:
    commits, repository = github.commits, github.repository
    first = commits.add("one", workflows={"release.yml": "1"})
    second = commits.add("two", first, workflows={"release.yml": "2"})
    repository.refs |= {"refs/heads/main": second}
    bundle = builds.dev(first)
    github.tokens["classic"] = Access(workflows=False, scopes="repo")
    assert "`workflow` scope" in problems(github, bundle, token="classic")
    github.tokens["ghs_actions"] = Access(workflows=False, installation=True)
    environ = dict(github.env) | {"GITHUB_TOKEN": "ghs_actions", "GITHUB_ACTIONS": "true"}
    in_actions = GitHubRelease(Http(Patience(silence=2, first=0.01, longest=0.05, total=20)), environ, keep=20)
    assert "the run of the newest commit releases it" in "\n".join(in_actions.preflight(bundle, meter()).found)
    repository.create_release("dev", first, None, None, False, True, "false")
    repository.refs["refs/tags/dev"] = commits.add("zero")
    github.tokens["app"] = Access(workflows=False)
    repository.refs["refs/tags/dev"] = commits.add("before")
    with pytest.raises(ViberunError, match="unrelated"):
        destination(github, token="app").claim(bundle, meter())
    with pytest.raises(ViberunError, match=r"dev did not move.*`workflow` scope"):
        destination(github, token="app", force=True).claim(bundle, meter())
    with pytest.raises(ViberunError, match=r"dev did not move.*the run of the newest commit releases it"):
        destination(github, token="ghs_actions", force=True).claim(bundle, meter())


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
    at.stage(bundle, meter())
    assert github.repository.published("v1.2.3") is None
    for step in (at.claim, at.promote, at.verify):
        step(bundle, meter())
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
        destination(github).claim(lower, meter())
    release(github, builds.prod("1.10.0", builds.commit()))
    latest = github.repository.latest_release()
    assert latest is not None
    assert latest.tag == "v1.10.0"


def test_latest_is_put_right_where_an_older_release_was_published_last(github: GitHub, builds: Builds) -> None:
    older, newer = builds.prod("1.2.3", builds.commit()), builds.prod("1.2.4", builds.commit())
    release(github, newer)
    slow = destination(github)
    slow.stage(older, meter())
    github.repository.create_release("v1.2.3x", "main", None, None, False, False, "true")
    slow.promote(newer, meter())
    latest = github.repository.latest_release()
    assert latest is not None
    assert latest.tag == "v1.2.4"


def test_a_prod_tag_on_another_commit_is_a_problem(github: GitHub, builds: Builds) -> None:
    commit = builds.commit()
    github.repository.annotate("v1.2.3", builds.commit(), "Release")
    assert "the tag v1.2.3 is on" in problems(github, builds.prod("1.2.3", commit))


def test_two_drafts_that_were_made_at_once_become_one(github: GitHub, builds: Builds) -> None:
    bundle = builds.prod("1.2.3", builds.commit())
    for _ in range(2):
        github.repository.create_release("v1.2.3", "main", None, None, True, False, "false")
    release(github, bundle)
    published = github.repository.published("v1.2.3")
    assert published is not None
    assert published.id == min(github.repository.releases)


def test_rate_limits_are_waited_for(github: GitHub, builds: Builds) -> None:
    bundle = builds.dev(builds.commit())
    github.limits.exhaust(1.0)
    release(github, bundle)
    github.limits.writes_a_minute = 1
    with pytest.raises(ViberunError, match=r"asks for \d\d s of patience"):
        destination(github).stage(builds.dev(builds.commit()), meter())


def test_no_message_has_the_token(github: GitHub, builds: Builds) -> None:
    bundle = builds.dev(builds.commit())
    for token in (TOKEN, "ghs_unknown"):
        found = problems(github, bundle, token=token)
        assert token not in found
    assert TOKEN not in repr(Settings.of({"GITHUB_TOKEN": TOKEN}, None))
