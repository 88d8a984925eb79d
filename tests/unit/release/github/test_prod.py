import pytest

from tests.release.builds import Builds
from tests.release.github.access import Access
from tests.release.github.server import GitHub
from tests.unit.release.github.releasing import destination, meter, names, problems, read, release, writes
from viberun.errors import ViberunError

pytest_plugins = ["tests.unit.release.github.releasing"]


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


def test_a_prod_release_is_never_forced(github: GitHub, builds: Builds) -> None:
    at = destination(github, force=True)
    assert "--force is for dev" in "\n".join(at.preflight(builds.prod("1.2.3", builds.commit()), meter()).found)
