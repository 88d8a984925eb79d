"""Every kind of request that a release sends to GitHub, failing once in every way."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from release.bundle.model import Bundle
from release.destinations.github.destination import GitHubRelease
from release.destinations.github.retention import Keep
from release.driver.progress import Meter, Progress, Style
from release.transport.http import Http
from release.transport.patience import Patience
from tests.release.builds import Builds
from tests.release.github.access import Access
from tests.release.github.server import GitHub
from tests.release.servers.gate import FAULTS, Asked, Fault, Gate, Policy
from tests.release.signing import InProcess
from tests.unit.release.driver.recorder import perform
from viberun.errors import ViberunError

SIGNER = InProcess()
KINDS = {
    "make the release": ("POST", r"/releases"),
    "upload an asset": ("POST", r"/assets"),
    "move the ref": ("PATCH", r"/git/refs/tags/dev"),
    "delete an asset": ("DELETE", r"/releases/assets/"),
    "rename an asset": ("PATCH", r"/releases/assets/"),
    "write the page": ("PATCH", r"/releases/"),
}


@contextmanager
def serving() -> Iterator[tuple[GitHub, Gate]]:
    with GitHub() as github, Gate(github.port) as gate:
        github.tokens["token"] = Access()
        yield github, gate


def meter() -> Meter:
    return Progress(io.StringIO(), Style(quiet=True), lambda: 0.0).begin("step", "github")


def release(gate: Gate, github: GitHub, bundle: Bundle) -> None:
    environ = {name: value.replace(github.url, gate.url) for name, value in github.env.items()} | {
        "GITHUB_TOKEN": "token"
    }
    http = Http(Patience(silence=2, first=0.01, longest=0.05, total=60, lag=30))
    at = GitHubRelease(http, environ, SIGNER, keep=Keep(1, 0))
    assert at.preflight(bundle, meter()).found == ()
    for step in ("stage", "sign", "claim", "promote", "verify"):
        perform(step, at, bundle, at)


def check(github: GitHub, bundle: Bundle) -> None:
    """The release is whole, and nothing is left over."""
    (release,) = github.repository.releases.values()
    assets = {asset.name: asset for asset in github.repository.assets_of(release.id)}
    for wanted in bundle.assets:
        assert assets[wanted.name].digest == f"sha256:{wanted.digest.sha256}"
    assert assets["channel.json"].content == bundle.manifest.to_json().encode()
    assert "channel.new.json" not in assets
    assert {asset.state for asset in assets.values()} == {"uploaded"}
    assert github.repository.refs["refs/tags/dev"] == bundle.manifest.build.commit
    assert bundle.manifest.build.commit in (release.body or "")


class Once:
    """Lets the first request of a kind fail."""

    def __init__(self, kind: str, fault: Fault) -> None:
        self._method, self._path = KINDS[kind]
        self._fault = fault
        self.happened = False

    def __call__(self, change: Asked) -> Fault | None:
        if self.happened or change.method != self._method or self._path not in change.path:
            return None
        if self._path == "/releases/" and "/assets" in change.path:
            return None
        self.happened = True
        return self._fault


@pytest.mark.parametrize("kind", KINDS)
def test_a_request_that_fails_once_does_not_keep_the_release_from_becoming_whole(tmp_path: Path, kind: str) -> None:
    if kind == "make the release":  # which only the first one does
        for number, fault in enumerate(FAULTS):
            with serving() as (github, gate):
                fail_once(gate, github, Builds(github, tmp_path / str(number), gate.url), kind, fault)
        return
    with serving() as (github, gate):
        builds = Builds(github, tmp_path, gate.url)
        for _ in range(2):
            release(gate, github, builds.dev(builds.commit()))
        for fault in FAULTS:
            fail_once(gate, github, builds, kind, fault)


def fail_once(gate: Gate, github: GitHub, builds: Builds, kind: str, fault: str) -> None:
    bundle = builds.dev(builds.commit())
    once = Once(kind, FAULTS[fault])
    gate.policy = once
    release(gate, github, bundle)
    assert once.happened, f"{fault}: there was no request of that kind"
    check(github, bundle)


def dead_from(point: int, fault: Fault) -> Policy:
    """Nothing gets through any more from the `point`th request on; `fault` says whether that one is carried out."""

    def policy(change: Asked) -> Fault | None:
        if change.number == point:
            return fault
        return Fault("no", "reset") if change.number > point else None

    return policy


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_run_that_dies_at_any_request_is_finished_by_the_next(tmp_path: Path, when: str) -> None:
    with serving() as (github, gate):
        die_everywhere(github, gate, Builds(github, tmp_path, gate.url), when)


def die_everywhere(github: GitHub, gate: Gate, builds: Builds, when: str) -> None:
    for _ in range(2):
        release(gate, github, builds.dev(builds.commit()))
    gate.reset()
    release(gate, github, builds.dev(builds.commit()))
    points = len(gate.changes)
    assert points > 10
    for point in range(1, points + 1):
        bundle = builds.dev(builds.commit())
        gate.reset()
        gate.policy = dead_from(point, Fault("no" if when == "before" else "whole", "reset"))
        ended = attempt(gate, github, bundle)
        gate.reset()
        assert not ended or stands(github, bundle), f"ended well at point {point}, and the channel is another's"
        names = {asset.name for asset in github.repository.assets.values() if asset.state == "uploaded"}
        assert names & {"channel.json", "channel.old.json"}, f"nobody finds a channel after point {point}"
        release(gate, github, bundle)
        check(github, bundle)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_prod_run_that_dies_at_any_request_is_finished_by_the_next(tmp_path: Path, when: str) -> None:
    """And until it is published nobody sees a thing of it; from then on they see all of it."""
    with serving() as (github, gate):
        builds = Builds(github, tmp_path, gate.url)
        release(gate, github, prod(builds, 0))
        before = prod(builds, 1)
        gate.reset()
        release(gate, github, before)
        points = len(gate.changes)
        assert points > len(before.assets)
        # The draft, its first file, one amid them, the last one, the publication, and latest.
        for point in (1, 2, points // 2, points - 2, points - 1, points):
            bundle = prod(builds, 1 + point)
            gate.reset()
            gate.policy = dead_from(point, Fault("no" if when == "before" else "whole", "reset"))
            ended = attempt(gate, github, bundle)
            gate.reset()
            latest = point == points and when == "after"
            assert ended is latest  # another look tells what was done last
            check_prod(github, bundle if latest else before)
            release(gate, github, bundle)
            check_prod(github, bundle)
            before = bundle


def attempt(gate: Gate, github: GitHub, bundle: Bundle) -> bool:
    """Whether the release ended well: neither its page nor what it no longer needs keeps it from that."""
    try:
        release(gate, github, bundle)
    except ViberunError:
        return False
    return True


def stands(github: GitHub, bundle: Bundle) -> bool:
    (current,) = [asset for asset in github.repository.assets.values() if asset.name == "channel.json"]
    return current.content == bundle.manifest.to_json().encode()


def prod(builds: Builds, number: int) -> Bundle:
    return builds.prod(f"1.0.{number}", builds.commit())


def check_prod(github: GitHub, bundle: Bundle) -> None:
    """The latest release is this one, and whole."""
    latest = github.repository.latest_release()
    assert latest is not None
    assert latest.tag == bundle.manifest.build.version.git
    assets = {asset.name: asset for asset in github.repository.assets_of(latest.id)}
    assert {asset.state for asset in assets.values()} == {"uploaded"}
    for wanted in bundle.assets:
        assert assets[wanted.name].digest == f"sha256:{wanted.digest.sha256}"
    assert assets["channel.json"].content == bundle.manifest.to_json().encode()
