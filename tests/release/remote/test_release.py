"""Whole releases to real servers, and what people get of them with the tools that they use."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from release.bundle.model import Bundle
from tests.images.engine import Engine, started
from tests.release.remote.consumers import Consumer
from tests.release.remote.stack import Stack
from viberun.manifest import Manifest


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with started(tmp_path_factory.mktemp("engine")) as engine:
        yield engine


def check_everybody_gets(bundle: Bundle, servers: Stack, engine: Engine, home: Path) -> None:
    """With every tool; what they have cached is in `home` and `engine`."""
    consumer, version = Consumer(servers, home), bundle.manifest.build.version
    project = "viberun-dev" if version.channel == "dev" else "viberun"
    assert consumer.npx(version.moving) == str(version)
    assert consumer.uvx(project) == str(version)
    assert consumer.pip(project) == str(version)
    assert consumer.image_digests(version.moving) == {image.name: image.digest for image in bundle.images}
    assert consumer.docker(engine, version.moving) == {image.name: str(version) for image in bundle.images}
    where = "download/dev" if version.channel == "dev" else "latest/download"
    manifest = Manifest.parse(consumer.curl(f"{where}/channel.json"))
    assert manifest == bundle.manifest
    sums = next(file.name for file in manifest.files if file.kind == "sums")
    for file in manifest.files:
        if file.kind in ("client", "server", "install", "sums"):
            consumer.curl(f"{where}/{file.name}")
    assert consumer.sha256sum(sums).count(": OK\n") == 7


@pytest.fixture(scope="module")
def first(servers: Stack) -> Bundle:
    bundle = servers.next()
    servers.released(bundle)
    return bundle


def test_everybody_gets_the_first_dev_release(servers: Stack, first: Bundle, engine: Engine, tmp_path: Path) -> None:
    check_everybody_gets(first, servers, engine, tmp_path / "home")


def test_releasing_the_same_commit_again_sends_no_byte_of_content(servers: Stack, first: Bundle) -> None:
    for gate in servers.gates.values():
        gate.reset()
    ended = servers.released(first)
    assert "nothing has changed" in ended.out
    assert [servers.gates[name].changes for name in ("github", "npm", "pypi")] == [[], [], []]
    # Whether one may push is found out by beginning an upload and taking it back.
    assert {change.method for change in servers.gates["ghcr"].changes} == {"POST", "DELETE"}


def test_everybody_gets_the_second_release_with_what_they_had_of_the_first(
    servers: Stack, first: Bundle, engine: Engine, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    consumer = Consumer(servers, home)
    assert consumer.npx("dev") == consumer.uvx("viberun-dev") == str(first.manifest.build.version)
    second = servers.next()
    for gate in servers.gates.values():
        gate.reset()
    servers.released(second)
    check_everybody_gets(second, servers, engine, home)
    # The base layer of each image is the registry's already; the configurations, the programs' layers and at each image the
    # signature are new.
    uploads = [
        change for change in servers.gates["ghcr"].changes if change.method == "PUT" and "/blobs/" in change.path
    ]
    assert len(uploads) == 10


def test_prod_is_released_beside_dev_and_latest_never_falls(
    servers: Stack, first: Bundle, engine: Engine, tmp_path: Path
) -> None:
    servers.released(servers.builds.prod("1.2.3", servers.builds.commit("prod")))
    dev = servers.next()
    servers.released(dev)
    prod = servers.builds.prod("1.2.4", servers.builds.commit("prod again"))
    servers.released(prod)
    check_everybody_gets(prod, servers, engine, tmp_path / "prod")
    check_everybody_gets(dev, servers, engine, tmp_path / "dev")

    refused = servers.release(servers.builds.prod("1.2.3", servers.builds.commit("too late")))
    lower = servers.release(servers.builds.prod("1.2.2", servers.builds.commit("too low")))
    servers.released(servers.next())

    assert (refused.status, lower.status) == (3, 3)
    assert "the tag v1.2.3 is on" in refused.err
    for refusal in ("github: 1.2.2 is below 1.2.4", "npm: the dist-tag latest names 1.2.4, which is newer than 1.2.2"):
        assert refusal in lower.err
    consumer = Consumer(servers, tmp_path / "after")
    assert consumer.npm_tags()["latest"] == "1.2.4"
    assert consumer.image_digests("latest") == {image.name: image.digest for image in prod.images}
    assert Manifest.parse(consumer.curl("latest/download/channel.json")) == prod.manifest


def test_a_dist_tag_that_somebody_moved_by_hand_is_put_right(servers: Stack, first: Bundle, tmp_path: Path) -> None:
    bundle = servers.next()
    servers.released(bundle)
    # npm keeps what the dist-tags were before, and would take them for moved back already.
    before = f"viberun@{first.manifest.build.version.npm}"
    npm = ["npm", "dist-tag", "add", before, "dev", "--prefer-online"]
    subprocess.run(npm, env=servers.variables, check=True, capture_output=True, timeout=60)
    servers.released(bundle)
    assert Consumer(servers, tmp_path / "home").npm_tags()["dev"] == bundle.manifest.build.version.npm


def test_an_older_commit_and_a_diverged_one_are_refused_with_both_commits_named(servers: Stack, first: Bundle) -> None:
    newest = servers.next()
    servers.released(newest)
    aside = servers.builds.dev(servers.builds.commit("aside", parent=first.manifest.build.commit))
    for gate in servers.gates.values():
        gate.reset()

    older, diverged, forced = servers.release(first), servers.release(aside), servers.release(first, "--force")

    holder = newest.manifest.build.commit
    assert older.status == diverged.status == forced.status == 3
    assert (
        f"github: dev stands at {newest.manifest.build.version}, which is newer, and no place goes back" in forced.err
    )
    assert "npm: the dist-tag dev names" in forced.err
    assert f"github: {first.manifest.build.commit} is older than {holder}" in older.err
    assert "npm: the dist-tag dev names" in older.err
    assert f"github: {aside.manifest.build.commit} is not on main" in diverged.err
    assert f"github: {aside.manifest.build.commit} is on another line of history than {holder}" in diverged.err
    assert not any(gate.changes for name, gate in servers.gates.items() if name != "ghcr")


def test_a_rewritten_history_is_released_with_force_and_goes_on_from_there(servers: Stack, first: Bundle) -> None:
    rewritten = servers.builds.dev(servers.builds.rewrite("rewritten", first.manifest.build.commit))
    servers.released(rewritten, "--force")
    servers.released(servers.next())
