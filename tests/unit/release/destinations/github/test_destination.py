import io
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from release.bundle.model import Bundle
from release.destinations.github.api import Api
from release.destinations.github.destination import GitHubRelease
from release.destinations.github.settings import Settings
from release.driver.outcome import Done, Skipped
from release.driver.progress import Progress, Style
from release.transport.http import Http
from release.transport.patience import Patience
from tests.release.builds import Builds
from tests.release.github.access import Access
from tests.release.github.server import GitHub
from tests.release.github.state import Repository, Ruleset
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
from viberun.build import Build
from viberun.errors import ViberunError
from viberun.version import Version

pytest_plugins = ["tests.unit.release.destinations.github.releasing"]


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
    uploads, claim, page = len(bundle.assets) + 1, 1, 1  # with the signature
    swap, retired = 4, uploads  # upload, delete the old one, two renames
    stored = 1
    assert len(writes(github)) == uploads + claim + stored + swap + page + retired


def test_releasing_the_same_commit_again_changes_nothing(github: GitHub, builds: Builds) -> None:
    bundle = builds.dev(builds.commit())
    release(github, bundle)
    github.requests.clear()
    outcomes = release(github, bundle)
    assert writes(github) == []
    assert all(isinstance(outcome, Skipped) for outcome in outcomes[:5])


def test_the_plan_names_what_a_release_would_do_and_is_empty_afterwards(github: GitHub, builds: Builds) -> None:
    release(github, builds.dev(builds.commit()))
    bundle = builds.dev(builds.commit())
    github.requests.clear()
    verbs = [change.verb for change in plan(destination(github), bundle)]
    assert verbs == ["upload"] * len(bundle.assets) + ["sign", "move", "store", "swap", "write"]
    assert writes(github) == []
    release(github, bundle)
    assert plan(destination(github), bundle) == []


def test_an_older_and_a_diverged_commit_are_refused_with_both_named(github: GitHub, builds: Builds) -> None:
    root = builds.commit()
    older, newer = builds.dev(root), builds.dev(builds.commit())
    aside = builds.dev(builds.commit(parent=root))
    release(github, newer)
    for bundle, how in ((older, "older than"), (aside, "on another line of history than")):
        found = problems(github, bundle)
        assert f"{bundle.manifest.build.commit} is {how} {newer.manifest.build.commit}" in found
        with pytest.raises(ViberunError, match=how):
            step("claim", destination(github), bundle)
    assert github.repository.refs["refs/tags/dev"] == newer.manifest.build.commit


def test_in_actions_a_rewritten_history_is_staged_and_signed_for_who_forces_it(
    github: GitHub, builds: Builds, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, newer = builds.commit(), builds.dev(builds.commit())
    release(github, newer)
    rewritten = builds.dev(builds.rewrite("rewritten", root))
    monkeypatch.setattr(GitHub, "env", {**github.env, "GITHUB_ACTIONS": "true"})
    found = destination(github).preflight(rewritten, meter())
    assert found.found == ()
    assert f"is on another line of history than {newer.manifest.build.commit}" in found.later[0]
    assert destination(github, force=True).preflight(rewritten, meter()).later == ()


def test_a_tag_that_github_would_move_back_is_fenced_all_the_same(github: GitHub, builds: Builds) -> None:
    github.repository.fast_forward_tags = False
    older, newer = builds.dev(builds.commit()), builds.dev(builds.commit())
    release(github, newer)
    with pytest.raises(ViberunError, match="older than"):
        step("claim", destination(github), older)


def test_rewritten_history_is_released_with_force_alone(github: GitHub, builds: Builds) -> None:
    root = builds.commit()
    release(github, builds.dev(builds.commit()))
    rewritten = builds.dev(builds.commit("rewritten", parent=root))
    assert "--force" in problems(github, rewritten)
    release(github, rewritten, force=True)
    assert read(github, "dev", "channel.json") == rewritten.manifest.to_json().encode()
    body = next(iter(github.repository.releases.values())).body or ""
    assert body.endswith("the history was rewritten.\n")


def test_force_takes_the_channel_back_to_no_older_build(github: GitHub, builds: Builds) -> None:
    kept, dropped = builds.dev(builds.commit()), builds.dev(builds.commit())
    release(github, kept)
    release(github, dropped)
    assert "older than" in problems(github, kept)
    github.requests.clear()
    found = "\n".join(destination(github, force=True).preflight(kept, meter()).found)
    assert found.startswith(f"dev stands at {dropped.manifest.build.version}, which is newer, and no place goes back")
    assert "\n" not in found
    assert writes(github) == []


@pytest.mark.parametrize("number", [None, "1"])
def test_a_build_that_does_not_name_the_repository_s_number_is_refused(
    github: GitHub, builds: Builds, number: str | None
) -> None:
    whole = builds.dev(builds.commit())
    assert "GITHUB_REPOSITORY_ID" not in problems(github, whole)
    bundle = builds.of(replace(whole.manifest.build, repository_id=number))
    assert f"build it again with GITHUB_REPOSITORY_ID={github.repository.id}" in problems(github, bundle)


@pytest.mark.parametrize(("hours", "refused"), [(0.9, False), (1.1, True), (24 * 365 * 5000, True)])
def test_a_commit_that_is_dated_ahead_of_githubs_clock_is_refused(
    github: GitHub, builds: Builds, hours: float, refused: bool
) -> None:
    when, commit = datetime.now(UTC) + timedelta(hours=hours), builds.commit()
    version = Version.dev(int(when.timestamp()), commit, dirty=False)
    at = (github.repository.full_name, github.url, "ghcr.io", str(github.repository.id))
    bundle = builds.of(Build(version, "dev", commit, f"{when:%Y-%m-%dT%H:%M:%SZ}", *at))
    assert ("is dated in the future: GitHub's clock is at" in problems(github, bundle)) is refused


@pytest.mark.parametrize(
    ("channel", "reviewers", "may_read", "refused", "noted"),
    [
        ("prod", {}, True, True, False),
        ("prod", {"prod": ()}, True, True, False),
        ("prod", {"prod": ("maintainer",)}, True, False, False),
        ("prod", {}, False, False, True),
        ("dev", {}, True, False, False),
    ],
)
def test_actions_release_prod_only_where_somebody_has_to_agree(
    github: GitHub,
    builds: Builds,
    channel: str,
    reviewers: dict[str, tuple[str, ...]],
    may_read: bool,
    refused: bool,
    noted: bool,
) -> None:
    github.repository.reviewers = reviewers
    github.tokens["ghs_job"] = Access(installation=True, environments=may_read)
    commit, said = builds.commit(), io.StringIO()
    bundle = builds.dev(commit) if channel == "dev" else builds.prod("1.2.3", commit)
    environ = {**github.env, "GITHUB_TOKEN": "ghs_job", "GITHUB_ACTIONS": "true"}
    progress = Progress(said, Style(quiet=False), lambda: 0.0)
    found = GitHubRelease(Http(Patience()), environ, SIGNER).preflight(bundle, progress.begin("preflight", "github"))
    assert any("prod has no required reviewers" in problem for problem in found.found) is refused
    assert ("is not known" in said.getvalue()) is noted


GAPS: dict[str, tuple[Callable[[Repository], None], str]] = {
    "reviews": (lambda of: setattr(of, "branch_rules", ("non_fast_forward",)), "pushes that nobody has reviewed"),
    "force": (lambda of: setattr(of, "branch_rules", ("pull_request",)), "can be rewritten by a force push"),
    "tags": (lambda of: of.rulesets.clear(), "whoever may write may push a tag v*"),
    "dev": (lambda of: of.open_environments.add("dev"), "use the environment dev; allow it the branch main alone"),
    "prod": (lambda of: of.open_environments.add("prod"), "use the environment prod; allow it the tags v*.*.* alone"),
    "absent": (lambda of: of.reviewers.clear(), "use the environment dev"),
}


@pytest.mark.parametrize("name", GAPS)
def test_settings_without_which_a_signature_is_worth_less_are_named_and_stop_nothing(
    github: GitHub, builds: Builds, name: str
) -> None:
    open_gap, said = GAPS[name]
    bundle = builds.dev(builds.commit())
    assert warnings(github, bundle) == []
    open_gap(github.repository)
    found = warnings(github, bundle)
    assert any(said in warning for warning in found)
    assert len(found) == (2 if name == "absent" else 1)


def test_protection_of_main_from_before_there_were_rulesets_is_as_good(github: GitHub, builds: Builds) -> None:
    github.repository.branch_rules, github.repository.protected = (), True
    assert warnings(github, builds.dev(builds.commit())) == []


def warnings(github: GitHub, bundle: Bundle) -> list[str]:
    progress = Progress(io.StringIO(), Style(quiet=True), lambda: 0.0)
    found = destination(github).preflight(bundle, progress.begin("preflight", "github"))
    assert found.found == ()
    return progress.warnings


def test_a_repository_in_another_spelling_than_githubs_is_refused(github: GitHub, builds: Builds) -> None:
    bundle = builds.dev(builds.commit())
    build = replace(bundle.manifest.build, repository="OCTO/viberun")
    found = problems(github, replace(bundle, manifest=replace(bundle.manifest, build=build)))
    assert found.startswith("this was built for OCTO/viberun, which GitHub spells octo/viberun; set GITHUB_REPOSITORY")


def test_a_run_that_was_overtaken_leaves_the_channel_to_the_newer_one(github: GitHub, builds: Builds) -> None:
    first, older, newer = (builds.dev(builds.commit()) for _ in range(3))
    release(github, first)
    slow = destination(github)
    step("stage", slow, older)
    step("sign", slow, older)
    step("claim", slow, older)
    at = destination(github)
    step("stage", at, newer)
    step("sign", at, newer)
    step("claim", at, newer)
    github.requests.clear()
    outcome = step("promote", slow, older)
    assert isinstance(outcome, Skipped)
    assert f"left to {newer.manifest.build.version}" in outcome.reason
    assert writes(github) == []
    assert read(github, "dev", "channel.json") == first.manifest.to_json().encode()
    assert isinstance(step("verify", slow, older), Skipped)
    assert isinstance(step("promote", at, newer), Done)
    assert read(github, "dev", "channel.json") == newer.manifest.to_json().encode()


def test_a_run_that_is_overtaken_amid_the_swap_helps_the_newer_one_in(
    github: GitHub, builds: Builds, monkeypatch: pytest.MonkeyPatch
) -> None:
    release(github, builds.dev(builds.commit()))
    older, newer = builds.dev(builds.commit()), builds.dev(builds.commit())
    slow, rename = destination(github), Api.rename_asset
    step("stage", slow, older)
    step("sign", slow, older)
    step("claim", slow, older)

    def overtaken(api: Api, asset: int, name: str) -> None:
        monkeypatch.setattr(Api, "rename_asset", rename)
        at = destination(github)
        step("stage", at, newer)
        step("sign", at, newer)
        step("claim", at, newer)
        rename(api, asset, name)

    monkeypatch.setattr(Api, "rename_asset", overtaken)
    outcome = step("promote", slow, older)
    assert isinstance(outcome, Done)
    assert f"left to {newer.manifest.build.version}" in outcome.what
    assert read(github, "dev", "channel.json") == newer.manifest.to_json().encode()


def test_only_the_newest_builds_are_kept_with_their_manifests(github: GitHub, builds: Builds) -> None:
    bundles = [builds.dev(builds.commit()) for _ in range(4)]
    for bundle in bundles:
        release(github, bundle, keep=2)
    kept = {asset.name for bundle in bundles[2:] for asset in bundle.assets}
    kept |= {bundle.manifest.signature_name for bundle in bundles[2:]}
    assert names(github) == kept | {"channel.json", "channel.old.json"}


def test_a_release_deletes_no_more_than_its_share_and_the_next_goes_on(
    github: GitHub, builds: Builds, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("release.destinations.github.retention.MOST_AT_ONCE", 5)
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
    github.tokens["administrator"] = Access()
    found = problems(github, bundle, token="reader")
    assert "is private" in found
    assert "contents: write" in found
    assert "turn release immutability off" in problems(github, bundle, token="administrator")
    assert "set GITHUB_TOKEN" in problems(github, bundle, token=None)
    assert "Bad credentials" in problems(github, bundle, token="unknown")


def test_actions_token_tells_immutability_by_the_newest_release(github: GitHub, builds: Builds) -> None:
    bundle = builds.dev(builds.commit())
    assert problems(github, bundle) == ""
    github.repository.immutable_releases = True
    release(github, builds.prod("1.2.3", builds.commit()))
    assert "the release v1.2.3 is immutable" in problems(github, bundle)
    github.repository.immutable_releases = False
    github.tokens["administrator"] = Access()
    assert problems(github, bundle, token="administrator") == ""


def test_a_repository_whose_dev_was_immutable_is_told_that_it_can_have_none(github: GitHub, builds: Builds) -> None:
    bundle = builds.dev(builds.commit())
    github.repository.immutable_releases = True
    github.repository.create_release("dev", "main", None, None, False, True, "false")
    assert "dev can only be released from another repository" in problems(github, bundle)
    for number in list(github.repository.releases):
        github.repository.delete_release(number)
    github.repository.immutable_releases = False
    with pytest.raises(ViberunError, match="dev can only be released from another repository"):
        step("stage", destination(github), bundle)


def test_a_commit_that_was_not_pushed_is_a_problem(github: GitHub, builds: Builds) -> None:
    release(github, builds.dev(builds.commit()))
    with GitHub() as elsewhere:
        bundle = Builds(elsewhere, builds._folder / "elsewhere", github.url).dev(elsewhere.commits.add("unpushed"))
    found = problems(github, bundle)
    assert "push it" in found
    assert "--force" not in found


def test_a_commit_that_main_does_not_have_is_released_with_force_alone(github: GitHub, builds: Builds) -> None:
    first = builds.dev(builds.commit())
    release(github, first)
    aside = builds.dev(builds.commit("on a branch", parent=first.manifest.build.commit))
    found = problems(github, aside)
    assert found.startswith(f"{aside.manifest.build.commit} is not on main, and ")
    assert "\n" not in found
    assert "merge it" in found
    builds.commit()
    release(github, builds.dev(builds.main))
    release(github, builds.dev(aside.manifest.build.commit), force=True)


def test_a_classic_token_tells_by_its_scopes_that_it_may_not_write(github: GitHub, builds: Builds) -> None:
    bundle = builds.dev(builds.commit())
    github.tokens |= {
        f"ghp_{scopes}": Access(scopes=scopes) for scopes in ("", "gist, workflow", "public_repo, workflow")
    }
    github.tokens["github_pat_"] = Access(scopes="")
    for token in ("ghp_", "ghp_gist, workflow"):
        assert "give it `public_repo`" in problems(github, bundle, token=token)
    for token in ("ghp_public_repo, workflow", "github_pat_"):
        assert problems(github, bundle, token=token) == ""


def test_a_repository_that_was_renamed_is_said_to_be(github: GitHub, builds: Builds) -> None:
    bundle = builds.dev(builds.commit())
    github.repository.former_name, github.repository.full_name = github.repository.full_name, "octo/other"
    at = GitHubRelease(
        Http(Patience()), {**github.env, "GITHUB_REPOSITORY": "octo/viberun", "GITHUB_TOKEN": TOKEN}, SIGNER
    )
    (found,) = at.preflight(bundle, meter()).found
    assert "the repository has moved: set GITHUB_REPOSITORY" in found


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
    in_actions = GitHubRelease(Http(Patience(silence=2, first=0.01, longest=0.05, total=20, lag=3)), environ, SIGNER)
    assert "the run of the newest commit releases it" in "\n".join(in_actions.preflight(bundle, meter()).found)
    repository.create_release("dev", first, None, None, False, True, "false")
    repository.refs["refs/tags/dev"] = commits.add("zero")
    github.tokens["app"] = Access(workflows=False)
    repository.refs["refs/tags/dev"] = commits.add("before")
    with pytest.raises(ViberunError, match="unrelated"):
        step("claim", destination(github, token="app"), bundle)
    with pytest.raises(ViberunError, match=r"dev did not move.*`workflow` scope"):
        step("claim", destination(github, token="app", force=True), bundle)
    with pytest.raises(ViberunError, match=r"dev did not move.*the run of the newest commit releases it"):
        step("claim", destination(github, token="ghs_actions", force=True), bundle)


def test_rate_limits_are_waited_for(github: GitHub, builds: Builds) -> None:
    bundle = builds.dev(builds.commit())
    github.limits.exhaust(1.0)
    release(github, bundle)
    github.limits.writes_a_minute = 1
    for github.limits.says_when in (True, False):
        with pytest.raises(ViberunError, match=r"asks for \d\d s of patience; run the same command then$"):
            step("stage", destination(github), builds.dev(builds.commit()))


def test_no_message_has_the_token(github: GitHub, builds: Builds) -> None:
    bundle = builds.dev(builds.commit())
    for token in (TOKEN, "ghs_unknown"):
        found = problems(github, bundle, token=token)
        assert token not in found
    assert TOKEN not in repr(Settings.of({"GITHUB_TOKEN": TOKEN}, None))


ALL_TAGS = ("~ALL",)


@pytest.mark.parametrize(
    ("ruleset", "refused"),
    [
        (Ruleset(1, "tags stay", ALL_TAGS, ("update", "deletion")), True),
        (Ruleset(1, "tags stay", ("refs/tags/*",), ("update",)), True),
        (Ruleset(1, "tags stay", ("refs/tags/v*",), ("update",)), False),
        (Ruleset(1, "tags stay", ALL_TAGS, ("update",), exclude=("refs/tags/dev",)), False),
        (Ruleset(1, "no new tags", ALL_TAGS, ("creation", "deletion")), False),
        (Ruleset(1, "tags stay", ALL_TAGS, ("update",), bypass="always"), False),
        (Ruleset(1, "tags stay", ALL_TAGS, ("update",), enforcement="evaluate"), False),
    ],
)
def test_a_ruleset_that_would_keep_dev_from_moving_is_found_before_anything_changes(
    github: GitHub, builds: Builds, ruleset: Ruleset, refused: bool
) -> None:
    release(github, builds.dev(builds.commit()))
    github.repository.rulesets = [ruleset]
    bundle = builds.dev(builds.commit())
    if refused:
        assert "the ruleset 'tags stay' protects tags, so dev could not move; exclude" in problems(github, bundle)
    else:
        release(github, bundle)


def test_a_ruleset_against_new_tags_is_found_before_the_first_release(github: GitHub, builds: Builds) -> None:
    github.repository.rulesets = [Ruleset(1, "no new tags", ALL_TAGS, ("creation",))]
    assert "the ruleset 'no new tags' protects tags" in problems(github, builds.dev(builds.commit()))


def test_where_github_can_not_compare_commits_their_history_decides(github: GitHub, builds: Builds) -> None:
    root = builds.commit()
    older = builds.dev(builds.commit())
    release(github, older)
    github.repository.compares_nothing = True
    newer = builds.dev(builds.commit())
    release(github, newer)
    assert "older than" in problems(github, older)
    aside = builds.dev(builds.rewrite("aside", root))
    pair = f"{newer.manifest.build.commit} {aside.manifest.build.commit}"
    with pytest.raises(ViberunError, match=f"see whether 'git merge-base --is-ancestor {pair}' succeeds"):
        problems(github, aside)
