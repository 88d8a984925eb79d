from dataclasses import replace

import pytest

from release.bundle.model import Bundle
from release.destinations.github.api import Api
from release.driver.outcome import Skipped, StaleError
from release.transport.http import Answer
from tests.release.builds import Builds
from tests.release.github.server import GitHub
from tests.unit.release.destinations.github.releasing import destination, names, plan, problems, read, release, step
from viberun.errors import ViberunError

pytest_plugins = ["tests.unit.release.destinations.github.releasing"]


def test_an_asset_that_another_run_deletes_before_it_is_read_is_looked_for_again(
    github: GitHub, builds: Builds, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        release(github, builds.dev(builds.commit()))
    bundle, download, deleted = builds.dev(builds.commit()), Api.download, list[str]()

    def gone(api: Api, asset: int, *, keep: bool = True) -> Answer:
        name = github.repository.assets[asset].name
        if name == "channel.json" and not deleted:
            deleted.append(name)
            github.repository.delete_asset(asset)
        return download(api, asset, keep=keep)

    monkeypatch.setattr(Api, "download", gone)
    release(github, bundle)
    assert deleted
    assert read(github, "dev", "channel.json") == bundle.manifest.to_json().encode()


def test_the_manifest_of_a_holder_that_is_overtaken_and_pruned_is_not_missed(
    github: GitHub, builds: Builds, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = (builds.dev(builds.commit()) for _ in range(3))
    at, download = destination(github), Api.download
    for bundle in (first, second):
        step("stage", at, bundle)
        step("sign", at, bundle)
        step("claim", at, bundle)

    def late(api: Api, asset: int, *, keep: bool = True) -> Answer:
        monkeypatch.setattr(Api, "download", download)
        release(github, third)
        github.repository.delete_asset(asset)
        return download(api, asset, keep=keep)

    monkeypatch.setattr(Api, "download", late)
    assert at.waits.patiently(lambda: at.holder(first), StaleError).manifest == third.manifest


def test_a_run_that_is_overtaken_as_it_waits_leaves_the_channel_to_the_newer(github: GitHub, builds: Builds) -> None:
    first, older, newer = (builds.dev(builds.commit()) for _ in range(3))
    release(github, first)
    at, waited = destination(github), list[float]()
    for bundle in (older, newer):
        step("stage", at, bundle)
        step("sign", at, bundle)
    step("claim", at, older)
    upload = github.repository.begin_asset(min(github.repository.releases), "channel.new.json", None, "text/plain")

    def overtaken(seconds: float) -> None:
        waited.append(seconds)
        step("claim", at, newer)
        github.repository.delete_asset(upload.id)

    at.waits = replace(at.waits, sleep=overtaken)
    assert isinstance(step("promote", at, older), Skipped)
    assert len(waited) == 1
    assert read(github, "dev", "channel.json") == first.manifest.to_json().encode()


def test_room_is_made_before_the_upload_where_there_is_none(
    github: GitHub, builds: Builds, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundles = [builds.dev(builds.commit()) for _ in range(4)]
    most = 3 * (len(bundles[0].assets) + 1) + 4
    monkeypatch.setattr("release.destinations.github.dev.MOST", most)
    monkeypatch.setattr("tests.release.github.state.MOST_ASSETS", most)
    for bundle in bundles[:3]:
        release(github, bundle)
    assert "release with a smaller --keep" in problems(github, bundles[3])
    release(github, bundles[3], keep=2)
    assert {asset.name for bundle in bundles[2:] for asset in bundle.assets} <= names(github)


def test_the_plan_names_the_files_that_a_release_deletes(github: GitHub, builds: Builds) -> None:
    for _ in range(2):
        release(github, builds.dev(builds.commit()), keep=2)
    bundle = builds.dev(builds.commit())
    changes = plan(destination(github, keep=2), bundle)
    before = names(github)
    release(github, bundle, keep=2)
    deleted = before - names(github)
    assert deleted
    assert {change.subject for change in changes if change.verb == "delete"} == deleted


def test_a_release_that_lost_its_tag_is_published_again_where_it_stood(github: GitHub, builds: Builds) -> None:
    older, newer, newest = (builds.dev(builds.commit()) for _ in range(3))
    for bundle in (older, newer):
        release(github, bundle)
    before = names(github)
    (number,) = github.repository.releases
    github.repository.delete_ref("refs/tags/dev")
    assert github.repository.releases[number].draft
    at = destination(github)
    assert ("publish", "release dev") in [(each.verb, each.subject) for each in plan(at, newest)]
    step("stage", at, older)
    assert github.repository.refs["refs/tags/dev"] == newer.manifest.build.commit
    with pytest.raises(ViberunError, match="older than"):
        step("claim", at, older)
    release(github, newest)
    assert list(github.repository.releases) == [number]
    assert before <= names(github) | {"channel.json"}


def test_a_release_that_lost_its_tag_is_not_published_again_where_it_would_be_immutable(
    github: GitHub, builds: Builds
) -> None:
    release(github, builds.dev(builds.commit()))
    github.repository.delete_ref("refs/tags/dev")
    github.repository.immutable_releases = True
    access = github.tokens["ghs_secret"]
    github.tokens["administrator"] = replace(access, installation=False)
    assert "turn release immutability off" in problems(github, builds.dev(builds.commit()), token="administrator")


def forged(bundle: Bundle) -> bytes:
    """A manifest of the same build, but for other images, that nobody has signed."""
    images = {name: replace(image, digest=f"sha256:{'e' * 64}") for name, image in bundle.manifest.images.items()}
    return replace(bundle.manifest, images=images).to_json().encode()


def put(github: GitHub, name: str, content: bytes) -> None:
    """Brings an asset, in the place of what has the name."""
    repository, number = github.repository, min(github.repository.releases)
    with repository.step():
        for asset in [each for each in repository.assets.values() if each.name == name]:
            repository.delete_asset(asset.id)
        begun = repository.begin_asset(number, name, None, "application/json")
        repository.finish_asset(begun.id, content)


def test_a_newer_build_that_has_the_channel_counts_by_its_signature_alone(github: GitHub, builds: Builds) -> None:
    first, older, newer = (builds.dev(builds.commit()) for _ in range(3))
    release(github, first)
    at = destination(github)
    step("stage", at, older)
    step("sign", at, older)
    step("claim", at, older)
    put(github, newer.manifest.name, forged(newer))
    github.repository.update_ref("refs/tags/dev", newer.manifest.build.commit, force=False)
    with pytest.raises(ViberunError, match="no signed build of that commit is there"):
        step("promote", at, older)
    put(github, newer.manifest.signature_name, b"{}\n")
    with pytest.raises(ViberunError, match="no signed build of that commit is there"):
        step("promote", destination(github), older)
    assert read(github, "dev", "channel.json") == first.manifest.to_json().encode()


@pytest.mark.parametrize("kind", ["unsigned", "garbage", "for newer readers"])
def test_a_channel_that_nobody_vouches_for_is_swapped_over_and_blocks_nobody(
    github: GitHub, builds: Builds, kind: str
) -> None:
    first, bundle, newer = (builds.dev(builds.commit()) for _ in range(3))
    release(github, first)
    content = {
        "unsigned": forged(newer),
        "garbage": b"\x00[[[",
        "for newer readers": newer.manifest.to_json().replace('"min_reader": 1', '"min_reader": 99').encode(),
    }[kind]
    put(github, "channel.json", content)
    release(github, bundle)
    assert read(github, "dev", "channel.json") == bundle.manifest.to_json().encode()
    put(github, "channel.old.json", b"garbage")
    release(github, newer)
    assert read(github, "dev", "channel.json") == newer.manifest.to_json().encode()


def test_room_is_made_where_nobody_vouches_for_what_stands(
    github: GitHub, builds: Builds, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundles = [builds.dev(builds.commit()) for _ in range(4)]
    most = 3 * (len(bundles[0].assets) + 1) + 4
    monkeypatch.setattr("release.destinations.github.dev.MOST", most)
    monkeypatch.setattr("tests.release.github.state.MOST_ASSETS", most)
    for bundle in bundles[:3]:
        release(github, bundle)
    put(github, "channel.json", b"garbage")
    release(github, bundles[3], keep=2)
    assert read(github, "dev", "channel.json") == bundles[3].manifest.to_json().encode()
