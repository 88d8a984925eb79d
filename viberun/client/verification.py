"""`viberun verify`: whether this client, and the server and images of a host, are what a release workflow signed.

Asks and changes nothing. What this client is, it says itself, as every program does that is asked about itself; the host's server
is held against the signed release byte for byte, its images by their digests.
"""

from __future__ import annotations

import hashlib
import json
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from viberun.client.download.fetch import Fetcher
from viberun.client.download.resolver import Resolved, place, resolve
from viberun.client.host.handshake import Server
from viberun.client.host.remote import SERVER, Remote, RemoteError, no_root
from viberun.client.host.ssh import Connection
from viberun.client.identity import Identity
from viberun.client.screen import Screen
from viberun.client.signed import Signed, not_signed
from viberun.errors import UsageError, VersionError, ViberunError
from viberun.platforms import platform_of
from viberun.version import MOVING, Version


@dataclass(frozen=True)
class Part:
    """Something that was looked at: `problem` says why it is not verified, None where it is."""

    name: str
    version: str | None
    signed: Signed | None
    problem: str | None

    @property
    def verified(self) -> bool:
        return self.problem is None


@dataclass(frozen=True)
class Verification:
    """Verifies by what the channel has. `fetch` reads it."""

    identity: Identity
    environ: Mapping[str, str]
    fetch: Fetcher

    def release(self, wanted: str) -> list[Part]:
        """Looks at one release: dev, latest or a version."""
        return [self._part("release", wanted)[0]]

    def everything(self, host: str | None) -> list[Part]:
        """Looks at this client, and at a host where there is one."""
        client, _ = self._part("client", self.identity.version.semver)
        return [client, *(self._host(host) if host else ())]

    def _part(self, name: str, wanted: str) -> tuple[Part, Resolved | None]:
        """A part that is of a release by what it says, and that release."""
        try:
            found = resolve(place(self.identity.build, self.environ, wanted), wanted, self.fetch)
        except ViberunError as error:
            return Part(name, wanted, None, str(error)), None
        return Part(name, found.version.semver, Signed.of(found), not_signed(found)), found

    def _host(self, host: str) -> list[Part]:
        try:
            with Connection(host, self.environ) as connection:
                facts = Remote(connection, environ=self.identity.environ).look()
                if facts.root not in ("direct", "sudo"):
                    raise no_root(host, facts.root)
                said = Server.read(facts.server or "").version
                if facts.absent or said is None:
                    there = "there is no viberun-server" if facts.absent else "the server does not say its version"
                    return [Part("server", None, None, f"{there} on {host}; run 'viberun setup {host}'")]
                remote = Remote(connection, facts.root, self.identity.environ)
                part, found = self._part("server", said.semver)
                if found is None:
                    return [part]
                problem = self._difference(remote, found, platform_of(facts.system, facts.machine))
                server = Part("server", part.version, part.signed, part.problem or problem)
                return [server, *self._images(remote, found)]
        except ViberunError as error:
            return [Part("server", None, None, str(error))]

    def _difference(self, remote: Remote, found: Resolved, platform: str) -> str | None:
        """Says that the server on the host is not the one in the release, where that is so."""
        file = found.file("server", platform)
        with tempfile.TemporaryDirectory(prefix="viberun-") as folder:
            archive = Path(folder, "server.tar.gz")
            self.fetch.download(found.url_of(file), archive, file.size, file.sha256)
            try:
                with tarfile.open(archive, "r:gz") as tar:
                    content = tar.extractfile("viberun-server")
                    digest = hashlib.sha256()
                    while chunk := content.read(1 << 20) if content else b"":
                        digest.update(chunk)
            except (OSError, EOFError, KeyError, tarfile.TarError) as error:
                raise RemoteError(f"{file.name} can't be unpacked: {error}") from None
        if remote.sha256(SERVER) == digest.hexdigest():
            return None
        return f"the server on {remote.host} is not the one of that release; run 'viberun update {remote.host}'"

    def _images(self, remote: Remote, found: Resolved) -> Iterator[Part]:
        images = remote.ask(["images", "status"]).get("images")
        for entry in images if isinstance(images, list) else []:
            said = entry if isinstance(entry, dict) else {}
            name, digest = str(said.get("name") or ""), said.get("digest")
            wanted = found.manifest.images.get(name)
            version = said.get("version") if isinstance(said.get("version"), str) else None
            if wanted is not None and digest == wanted.digest:
                yield Part(f"image {name}", found.version.semver, Signed.of(found), not_signed(found))
            else:
                problem = (
                    "it is not there" if digest is None else f"{said.get('ref')} is not the one of the server's release"
                )
                yield Part(f"image {name}", version, None, problem)


def checked(wanted: str) -> str:
    """Reads dev, latest or a version in any spelling; raises UsageError."""
    try:
        return wanted if wanted in MOVING.values() else Version.parse(wanted).semver
    except VersionError as error:
        raise UsageError(str(error), remedy="name dev, latest, or a version as 'viberun --version' prints it") from None


def to_json(parts: list[Part]) -> str:
    """Returns one object on one line."""
    return json.dumps({"verified": all(part.verified for part in parts), "parts": [asdict(part) for part in parts]})


def show(parts: list[Part], screen: Screen) -> None:
    for part in parts:
        screen.line(f"{part.name}  {part.version or 'of an unknown version'}")
        if part.signed:
            screen.line(f"  {part.signed}")
            screen.line(f"  commit {part.signed.commit}, {part.signed.run}")
        if part.problem:
            screen.line(f"  {screen.styled('not verified', 'red')}: {part.problem}")
