"""Remembers the newest build that was seen of each channel: none falls silently, and no version has two manifests.

A signed build is remembered by its repository and channel, so a mirror and the releases at GitHub share the memory. One that
needs no signature and has none is remembered by its place, as clients once did with all: what they noted counts still.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from viberun.build import Build
from viberun.client.download.resolver import Resolved
from viberun.client.download.trust import UntrustedError
from viberun.client.store import Store
from viberun.errors import VersionError
from viberun.version import Order, Version

_FILE = "seen.json"


@dataclass(frozen=True)
class Floor:
    """What a client remembers of the channel that `found` was found in. `address` is the place, and what it was asked for."""

    found: Resolved
    address: str
    state: Store

    def check(self) -> None:
        """Raises UntrustedError where this version had another manifest when it was seen."""
        version, sha256 = self._signed
        if version is not None and self.found.version.compare(version) is Order.SAME and sha256 != self.found.sha256:
            raise UntrustedError(
                f"there are two releases {self.found.version}: the one at {self.found.place.base} is not the one"
                " that was there before, though both are signed",
                remedy="install none of them, and tell whoever runs the channel",
            )

    def above(self, own: Build | None = None) -> Version | None:
        """Returns the newest build that was seen before, if it is newer than what was found. `own` is a client's, which counts
        where it is of this very channel."""
        newest = None
        for version in (*self._seen(), *([own.version] if own and self._is_of_it(own) else [])):
            if (newest or self.found.version).compare(version) is Order.OLDER:
                newest = version
        return newest

    def rise(self) -> None:
        """Remembers what was found, unless it is older than what is remembered."""
        if self.above() is not None:
            return
        if self.found.signer is None:
            self.state.note(_FILE, self.address, self.found.version.semver)
        else:
            self.state.note(_FILE, self._key, {"version": self.found.version.semver, "sha256": self.found.sha256})

    def _seen(self) -> Iterator[Version]:
        for version in (self._signed[0], _version(self.state.read(_FILE).get(self.address))):
            if version is not None and version.channel == self.found.version.channel:
                yield version

    @property
    def _signed(self) -> tuple[Version | None, object]:
        noted = self.state.read(_FILE).get(self._key) if self.found.signer else None
        return (_version(noted.get("version")), noted.get("sha256")) if isinstance(noted, dict) else (None, None)

    @property
    def _key(self) -> str:
        build, signer = self.found.manifest.build, self.found.signer
        return f"{build.github} {signer.number if signer else ''} {build.channel}"

    def _is_of_it(self, own: Build) -> bool:
        build, signer = self.found.manifest.build, self.found.signer
        if signer is None or (own.channel, own.github) != (build.channel, build.github):
            return False
        if own.repository_id is not None:
            return own.repository_id == signer.number
        return (own.repository or "").lower() == signer.repository.lower()


def _version(noted: object) -> Version | None:
    try:
        return Version.parse(noted) if isinstance(noted, str) else None
    except VersionError:
        return None
