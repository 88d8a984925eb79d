"""Releases of a few kilobytes for commits of the stand-in for GitHub, one after the other."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from release.bundle.model import Bundle
from tests.release import fabricated
from tests.release.github.server import GitHub
from viberun.build import Build
from viberun.version import Version

_BEGAN = datetime(2026, 1, 25, 12, 30, 45, tzinfo=UTC)


class Builds:
    """Makes commits on `main` and bundles of them in `folder`, for releases on GitHub at `web` and images at `registry`."""

    def __init__(
        self, github: GitHub, folder: Path, web: str = "", registry: str = "ghcr.io", *, publishable: bool = False
    ) -> None:
        self._github = github
        self._folder = folder
        self._web = web or github.url
        self._registry = registry
        self._publishable = publishable
        self._count = 0
        self._made = 0
        self.main = ""

    def commit(self, message: str = "change", *, parent: str | None = None) -> str:
        """A commit after `parent`, else after the newest of main, which then stands at it."""
        parents = [parent or self.main] if parent or self.main else []
        sha = self._github.commits.add(message, *parents)
        if parent is None:
            self.main = self._github.repository.refs["refs/heads/main"] = sha
        return sha

    def rewrite(self, message: str, parent: str) -> str:
        """A commit after `parent`, to which main is set back, whatever it stood at."""
        self.main = self._github.repository.refs["refs/heads/main"] = self.commit(message, parent=parent)
        return self.main

    def dev(self, commit: str) -> Bundle:
        """A dev build of the commit, a minute younger than the one before."""
        self._count += 1
        when = _BEGAN + timedelta(minutes=self._count)
        version = Version.dev(int(when.timestamp()), commit, dirty=False)
        return self.of(Build(version, "dev", commit, f"{when:%Y-%m-%dT%H:%M:%SZ}", *self._at))

    def prod(self, version: str, commit: str) -> Bundle:
        """A prod build of the commit, which gets the tag if nothing has it."""
        self._count += 1
        self._github.repository.refs.setdefault(f"refs/tags/v{version}", commit)
        build = Build(Version.parse(version), "prod", commit, f"{_BEGAN:%Y-%m-%dT%H:%M:%SZ}", *self._at)
        return self.of(build)

    def of(self, build: Build, text: str = "") -> Bundle:
        """A bundle of just this build; `text` makes its products other ones."""
        self._made += 1
        folder = self._folder / str(self._made)
        return fabricated.make(folder, build, publishable=self._publishable, text=text)

    @property
    def _at(self) -> tuple[str, str, str, str]:
        repository = self._github.repository
        return repository.full_name, self._web, self._registry, str(repository.id)
