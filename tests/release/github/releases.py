"""Releases to a GitHub whose clock, and theirs, moves as somebody sleeps."""

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from release.bundle.model import Bundle
from release.destinations.github.destination import GitHubRelease
from release.destinations.github.retention import Keep, version_of
from release.driver import steps as driver
from release.driver.progress import Progress, Style
from release.transport.http import Http
from release.transport.patience import Patience
from tests.release.builds import Builds
from tests.release.github.access import EVERYTHING, Access
from tests.release.github.server import GitHub
from tests.release.servers.gate import Gate
from tests.release.signing import InProcess
from tests.unit.release.driver.recorder import Clock

_BEGAN = datetime(2026, 2, 1, tzinfo=UTC)


class Field:
    """A GitHub of a faked clock, behind a gate, and releases to it."""

    def __init__(self, folder: Path, access: Access = EVERYTHING) -> None:
        self.clock = Clock()
        self.github = GitHub(clock=lambda: _BEGAN + timedelta(seconds=self.clock.now))
        self.github.tokens["ghs_token"] = access
        self.gate = Gate(self.github.port)
        self.builds = Builds(self.github, folder, self.gate.url)
        self.signer = InProcess()
        self.on_sleep: Callable[[], None] = lambda: None
        self._prods = 0

    def release(self, bundle: Bundle, *, keep: int = 20, force: bool = False) -> list[str]:
        """Returns the changes that it asked for."""
        self.gate.changes.clear()
        at = self.destination(keep=keep, force=force)
        driver.release(bundle, [at], Progress(io.StringIO(), Style(quiet=True), self.clock), dry_run=False)
        return self.changes

    def destination(self, *, keep: int = 20, force: bool = False) -> GitHubRelease:
        environ = {name: value.replace(self.github.url, self.gate.url) for name, value in self.github.env.items()}
        http = Http(Patience(), sleep=self._sleep, clock=self.clock)
        token = {"GITHUB_TOKEN": "ghs_token", "GITHUB_ACTIONS": "true"}
        return GitHubRelease(http, environ | token, self.signer, keep=Keep(keep, 0), force=force)

    def _sleep(self, seconds: float) -> None:
        self.clock.sleep(seconds)
        self.on_sleep()

    @property
    def changes(self) -> list[str]:
        return [f"{change.method} {change.path}" for change in self.gate.changes]

    def dev(self) -> Bundle:
        """A build of a new commit, some minutes after all that was before."""
        return self._built(self.builds.dev(self.builds.commit()))

    def prod(self) -> Bundle:
        self._prods += 1
        return self._built(self.builds.prod(f"1.{self._prods}.0", self.builds.commit()))

    def _built(self, bundle: Bundle) -> Bundle:
        self.clock.sleep(300)
        return bundle

    def check(self, bundle: Bundle) -> None:
        repository, tag = self.github.repository, bundle.manifest.build.version.git
        assert repository.refs[f"refs/tags/{tag}"] == bundle.manifest.build.commit
        (release,) = [each for each in repository.releases.values() if each.tag == tag]
        assert not release.draft
        assets = {asset.name: asset for asset in repository.assets_of(release.id)}
        assert assets["channel.json"].content == bundle.manifest.to_json().encode()
        assert "channel.new.json" not in assets
        for wanted in bundle.assets:
            assert assets[wanted.name].digest == f"sha256:{wanted.digest.sha256}"

    def keep(self, builds: int) -> None:
        """Makes the channel stand with so many builds: two releases, and copies of the first one's files under other versions."""
        self.release(self.dev())
        repository = self.github.repository
        first = [asset for asset in repository.assets.values() if version_of(asset.name)]
        self.release(self.dev())
        for number in range(builds - 2):
            for asset in first:
                own = 10**6 + len(repository.assets)
                name = asset.name.replace("2026012512", f"2025{number // 28 + 1:02}{number % 28 + 1:02}12")
                repository.assets[own] = replace(asset, id=own, name=name)
