"""Finds the build that a channel has: from the name of a version to the manifest, and to where its files are.

Readers go through `channel.json` alone, then to names that never change. No build is found that nobody
vouches for who is trusted. Fetches by what it is given, writes nothing, and asks no host.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from viberun.build import Build
from viberun.channel import CHANNEL_URL, REPOSITORY, followed
from viberun.client import install_method
from viberun.client.download.fetch import Fetcher, NotThereError, is_url, shown
from viberun.client.download.trust import Trust
from viberun.errors import NewerManifestError, UsageError, ViberunError
from viberun.manifest import NAME, File, Manifest
from viberun.sigstore.release_workflow import Signer
from viberun.version import MOVING, Channel, Order, Version

_OLD_NAME = "channel.old.json"
_MOST_BYTES = 1 << 20


class ReleaseMissingError(ViberunError):
    """The channel, or this version in it, is not where it was looked for."""


class AssetMissingError(ViberunError):
    """A build has no file of a kind for a platform."""

    def __init__(self, kind: str, platform: str | None, manifest: Manifest) -> None:
        there = sorted(file.platform for file in manifest.files if file.kind == kind and file.platform)
        has = f"it has {', '.join(there)}" if there else "it has none at all"
        wanted = f"no {kind} for {platform}" if platform else f"no file of the kind {kind}"
        super().__init__(
            f"the release {manifest.build.version} has {wanted} ({has})",
            remedy="use a machine of one of these, or wait for a release that has it",
        )
        self.kind, self.platform, self.manifest = kind, platform, manifest


class WrongChannelError(ViberunError):
    """What stands at an address is of another channel, or another version, than was asked for."""


@dataclass(frozen=True)
class Place:
    """Where a channel is: the URL or the folder that holds its channel.json, without a slash at the end.

    `renewal` is what to do where this client is too old to read what stands there, `trust` whose signature counts.
    """

    base: str
    renewal: str = field(default="use a newer viberun", compare=False)
    trust: Trust = field(default=Trust(), compare=False)

    def at(self, path: str) -> str:
        return f"{self.base}/{path}"


@dataclass(frozen=True)
class Resolved:
    """A build's manifest with the sha256 (hex) of its text, and the place beside whose channel.json its files are.

    `signer` is None where the place is of this machine alone and nobody signed.
    """

    manifest: Manifest
    place: Place
    sha256: str
    signer: Signer | None

    @property
    def version(self) -> Version:
        return self.manifest.build.version

    def url_of(self, file: File) -> str:
        """Returns the file's URL, or its path where the channel is a folder."""
        return self.place.at(self.manifest.files_at + file.name)

    def file(self, kind: str, platform: str | None = None) -> File:
        """Returns the file of a kind for a platform; raises AssetMissingError."""
        for file in self.manifest.files:
            if (file.kind, file.platform) == (kind, platform):
                return file
        raise AssetMissingError(kind, platform, self.manifest)


def place(build: Build, environ: Mapping[str, str], wanted: str) -> Place:
    """Says where to look for `wanted`: dev, latest, or a version in any spelling.

    `build` is the client's own, which knows whose releases it is one of; VIBERUN_REPOSITORY names somebody else's.
    Raises UsageError where nothing names a place, VersionError where `wanted` is none of the three.
    """
    build, named = followed(build, environ), environ.get(CHANNEL_URL, "").strip()
    version = None if wanted in MOVING.values() else Version.parse(wanted)
    method, channel = install_method.installed_by(environ), _channel_of(wanted, version)
    renewal = install_method.renewal(method, channel, build.github, build.repository)
    if named:
        return Place(_base(named), renewal, Trust.of(build))
    if build.repository is None:
        raise UsageError(
            "this viberun was built outside a GitHub repository and knows no place of releases",
            remedy=f"set {REPOSITORY} to owner/name, or {CHANNEL_URL} to the address or folder that holds {NAME}",
        )
    releases = f"{build.github}/{build.repository}/releases"
    at = version.git if version is not None else "dev" if wanted == "dev" else None
    return Place(f"{releases}/download/{at}" if at else f"{releases}/latest/download", renewal, Trust.of(build))


def _channel_of(wanted: str, version: Version | None) -> Channel:
    return version.channel if version is not None else "dev" if wanted == MOVING["dev"] else "prod"


def resolve(place: Place, wanted: str, fetch: Fetcher, *, own: Version | None = None) -> Resolved:
    """Finds the manifest of `wanted` in the channel at `place`.

    `dev` is the build of `own`, a client's version, if that is of the dev channel and still there,
    else the newest; `latest` the newest prod; a version itself. Raises ReleaseMissingError,
    WrongChannelError, ManifestError, UntrustedError and what `fetch` raises.
    """
    if wanted in MOVING.values():
        channel = _channel_of(wanted, None)
        if channel == "dev" and own is not None and own.channel == "dev":
            mine, current = _look(place, own, fetch)
            if mine is not None:
                return mine
        else:
            current = None
        return _checked(current or newest(place, fetch), channel)
    version = Version.parse(wanted)
    found, _ = _look(place, version, fetch)
    if found is None:
        raise ReleaseMissingError(f"there is no release {version} at {shown(place.base)}", remedy=_instead(version))
    return found


def _instead(version: Version) -> str:
    """Returns what to ask for where this version was not found."""
    if version.channel == "prod":
        return "name a version that was released, or latest for the newest"
    if version.sha is None:  # the names of manifests have it, so the build may well be there
        return "name it as 'viberun --version' prints it, with the commit, or dev for the newest"
    return "the channel keeps the last 20 dev builds; name one of them, or dev for the newest"


def newest(place: Place, fetch: Fetcher) -> Resolved:
    """Returns the build that the channel stands at, of whatever channel it is.

    While it is being changed there may be no channel.json for a moment; then the one before is at
    hand under another name, or the new one is there by now.
    """
    for name in (NAME, _OLD_NAME, NAME):
        try:
            return _read(place, name, fetch)
        except NotThereError:
            continue
    raise ReleaseMissingError(
        f"there is no release: {shown(place.at(NAME))} is not there",
        remedy=f"wait for the first release, or set {CHANNEL_URL} to where there is one",
    )


def _look(place: Place, version: Version, fetch: Fetcher) -> tuple[Resolved | None, Resolved | None]:
    """Looks for the manifest of exactly this version; also gives the newest, if that had to be read.

    Its own file is beside channel.json, or beside the files that channel.json tells of.
    """
    try:
        return _exactly(_read(place, _name(version), fetch), version), None
    except NotThereError:
        pass
    try:
        current = newest(place, fetch)
    except ReleaseMissingError:
        return None, None
    if current.version.compare(version) is Order.SAME:
        return current, current
    if not current.manifest.files_at:
        return None, current
    beside = replace(place, base=place.at(current.manifest.files_at.rstrip("/")))
    try:
        return _exactly(_read(beside, _name(version), fetch), version), current
    except NotThereError:
        return None, current


def _name(version: Version) -> str:
    return f"viberun-{version.oci}.json"


def _read(place: Place, name: str, fetch: Fetcher) -> Resolved:
    content = fetch.get(place.at(name), _MOST_BYTES)
    try:
        manifest = Manifest.parse(content)
    except NewerManifestError as error:
        error.remedy = place.renewal
        raise
    place = _lasting(place, manifest.build.version)
    address = place.at(manifest.signature_name)
    signer = place.trust.signer(manifest, content, address, fetch, place.renewal)
    return Resolved(manifest, place, hashlib.sha256(content).hexdigest(), signer)


def _exactly(resolved: Resolved, version: Version) -> Resolved:
    if resolved.version.compare(version) is Order.SAME:
        return resolved
    raise WrongChannelError(
        f"the manifest of {version} at {shown(resolved.place.base)} is that of {resolved.version}",
        remedy="tell whoever runs the channel",
    )


def _checked(resolved: Resolved, channel: Channel) -> Resolved:
    """Never a build of one channel where the other's was asked for."""
    if resolved.manifest.build.channel == channel:
        return resolved
    raise WrongChannelError(
        f"{shown(resolved.place.at(NAME))} is of the channel {resolved.manifest.build.channel}, not {channel}",
        remedy=f"set {CHANNEL_URL} to a {channel} channel, or name the version that you want",
    )


def _lasting(place: Place, version: Version) -> Place:
    """The release's own name: GitHub's `latest` may be another release by the time that a file is asked for."""
    releases, latest, rest = place.base.rpartition("/latest/download")
    return replace(place, base=f"{releases}/download/{version.git}") if latest and not rest else place


def _base(named: str) -> str:
    """Returns the place that VIBERUN_CHANNEL_URL names: what holds channel.json, or that file itself."""
    if not is_url(named):
        if re.match("[A-Za-z][A-Za-z0-9+.-]*://", named) and not named.startswith("file:///"):
            raise UsageError(f"{CHANNEL_URL} is {named!r}", remedy="set it to an http(s) address or a folder")
        named = os.path.abspath(os.path.expanduser(named[len("file://") :] if named.startswith("file://") else named))
    base = named.rstrip("/")
    return base[: -len(NAME) - 1] if base.endswith(f"/{NAME}") else base
