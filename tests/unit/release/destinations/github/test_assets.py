import time

import pytest

from tests.release.builds import Builds
from tests.release.github.server import GitHub
from tests.release.github.state import Asset
from tests.unit.release.destinations.github.releasing import destination, names, problems, read, release, step, writes
from viberun.errors import ViberunError

pytest_plugins = ["tests.unit.release.destinations.github.releasing"]


def test_an_unfinished_upload_is_done_over(github: GitHub, builds: Builds) -> None:
    bundle = builds.dev(builds.commit())
    release(github, builds.dev(bundle.manifest.build.commit))
    (stored,) = github.repository.releases
    name = bundle.assets[0].name
    starter = github.repository.begin_asset(stored, name, None, "application/octet-stream")
    step("stage", destination(github), bundle)
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
    step("stage", destination(github), bundle)
    manifests = {bundle.manifest.name} | ({"channel.json"} if channel == "prod" else set())
    assert {name: lacking[name] for name in manifests} == {name: set() for name in manifests}


def test_a_file_that_was_built_anew_meanwhile_is_not_uploaded(github: GitHub, builds: Builds) -> None:
    bundle = builds.dev(builds.commit())
    changed = bundle.assets[0]
    changed.path.write_bytes(b"another build's")
    with pytest.raises(ViberunError, match=rf"{changed.name}: sha256 .* not {changed.digest.sha256}.*build it again"):
        step("stage", destination(github), bundle)
    assert changed.name not in names(github)
    assert bundle.manifest.name not in names(github)


def test_an_upload_that_another_run_took_for_dead_is_done_over(
    github: GitHub, builds: Builds, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = builds.dev(builds.commit())
    finish, deleted = github.repository.finish_asset, list[int]()

    def too_late(asset: int, content: bytes) -> Asset:
        if not deleted:
            deleted.append(asset)
            github.repository.delete_asset(asset)
        return finish(asset, content)

    monkeypatch.setattr(github.repository, "finish_asset", too_late)
    release(github, bundle)
    assert len(deleted) == 1
    assert {asset.name for asset in bundle.assets} < names(github)


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
        step("stage", destination(github), bundle)
    assert writes(github) == []
