"""Releases to the stand-in for GitHub, step by step and without the other places."""

import io
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from release.bundle.model import Bundle
from release.destinations.destination import Published
from release.destinations.github.destination import GitHubRelease
from release.destinations.github.retention import Keep
from release.driver.outcome import Change, Done, Skipped
from release.driver.progress import Meter, Progress, Style
from release.transport.http import Http
from release.transport.patience import Patience
from tests.release.builds import Builds
from tests.release.github.access import Access
from tests.release.github.server import GitHub
from tests.release.signing import InProcess
from tests.unit.release.driver.recorder import perform

TOKEN = "ghs_secret"
SIGNER = InProcess()


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
    http = Http(Patience(silence=2, first=0.01, longest=0.05, total=20, lag=3))
    return GitHubRelease(http, environ, SIGNER, keep=Keep(keep, 0), force=force)


def meter() -> Meter:
    return Progress(io.StringIO(), Style(quiet=True), lambda: 0.0).begin("step", "github")


def step(name: str, at: GitHubRelease, bundle: Bundle) -> Done | Skipped:
    """One step as the driver takes it; this destination knows whose the channel is."""
    return perform(name, at, bundle, at)


def plan(at: GitHubRelease, bundle: Bundle) -> list[Change]:
    own = Published.of(bundle)
    return [*at.stage(bundle), *at.sign(bundle), *at.claim(bundle), *at.publish(bundle), *at.promote(own)]


def release(
    github: GitHub, bundle: Bundle, *, token: str = TOKEN, keep: int = 20, force: bool = False
) -> list[Done | Skipped]:
    at = destination(github, token=token, keep=keep, force=force)
    assert at.preflight(bundle, meter()).found == ()
    outcomes = [step(name, at, bundle) for name in ("stage", "sign", "claim", "publish", "promote", "verify")]
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
