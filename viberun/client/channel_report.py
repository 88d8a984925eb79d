"""`viberun channel`: this client, the channel's newest build, the host's server and images, and what is behind.

Asks and changes nothing. What can't be asked is a problem in its part of the report, so the rest is still told.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from viberun.client.download.fetch import Fetcher, shown
from viberun.client.download.freshness import held_back
from viberun.client.download.resolver import newest, place
from viberun.client.host.handshake import Server
from viberun.client.host.remote import Remote, no_root
from viberun.client.host.ssh import Connection
from viberun.client.identity import Identity
from viberun.client.screen import Screen
from viberun.client.signed import Signed, not_signed
from viberun.errors import ViberunError
from viberun.manifest import Manifest
from viberun.version import MOVING, Order, Version


@dataclass(frozen=True)
class Client:
    """This program. `behind` is None where it can't be told, here and below."""

    version: str
    channel: str
    commit: str
    repository: str | None
    method: str
    behind: bool | None
    update: str


@dataclass(frozen=True)
class ChannelState:
    """The newest build, and where that was read. `signed` is null where nobody signed it, and `not_signed` says why;
    `warning` is that it may be held back."""

    place: str | None
    newest: str | None = None
    commit: str | None = None
    signed: Signed | None = None
    not_signed: str | None = None
    warning: str | None = None
    problem: str | None = None


@dataclass(frozen=True)
class ServerState:
    version: str | None
    protocol: int | None
    behind: bool | None


@dataclass(frozen=True)
class ImageState:
    name: str
    ref: str | None
    digest: str | None
    version: str | None
    behind: bool | None


@dataclass(frozen=True)
class HostState:
    """`server` is None where there is none, or nothing could be asked."""

    name: str
    server: ServerState | None
    images: tuple[ImageState, ...]
    problem: str | None


@dataclass(frozen=True)
class Report:
    client: Client
    channel: ChannelState
    host: HostState | None

    @property
    def problems(self) -> list[str]:
        found = [self.channel.problem, self.host.problem if self.host else None]
        return [problem for problem in found if problem]

    def to_json(self) -> str:
        """Returns one object on one line."""
        return json.dumps(asdict(self))


def report(identity: Identity, environ: Mapping[str, str], fetch: Fetcher, host: str | None) -> Report:
    """Asks the channel, and the host where there is one."""
    manifest, state = _channel(identity, environ, fetch)
    client = Client(
        identity.version.semver,
        identity.channel,
        identity.build.commit,
        identity.build.repository,
        identity.method,
        _behind(identity.version, manifest),
        identity.refresh,
    )
    return Report(client, state, _host(identity, environ, host, manifest) if host else None)


def _channel(identity: Identity, environ: Mapping[str, str], fetch: Fetcher) -> tuple[Manifest | None, ChannelState]:
    base = None
    try:
        where = place(identity.build, environ, MOVING[identity.channel])
        base = shown(where.base)
        found = newest(where, fetch)
    except ViberunError as error:
        return None, ChannelState(base, problem=str(error))
    state = ChannelState(
        base,
        found.version.semver,
        found.manifest.build.commit,
        Signed.of(found),
        not_signed(found),
        held_back(found, fetch),
    )
    return found.manifest, state


def _host(identity: Identity, environ: Mapping[str, str], host: str, manifest: Manifest | None) -> HostState:
    server: ServerState | None = None
    try:
        with Connection(host, environ) as connection:
            facts = Remote(connection, environ=identity.environ).look()
            if facts.root not in ("direct", "sudo"):
                raise no_root(host, facts.root)
            if facts.absent:
                return HostState(host, None, (), f"there is no viberun-server on {host}; run 'viberun setup {host}'")
            said = Server.read(facts.server or "")
            version = said.version.semver if said.version else None
            server = ServerState(version, said.protocol, _behind(said.version, manifest))
            images = Remote(connection, facts.root, identity.environ).ask(["images", "status"]).get("images")
    except ViberunError as error:
        return HostState(host, server, (), str(error))
    entries = [entry for entry in images if isinstance(entry, dict)] if isinstance(images, list) else []
    return HostState(host, server, tuple(_image(entry, manifest) for entry in entries), None)


def _image(entry: Mapping[str, object], manifest: Manifest | None) -> ImageState:
    texts = {key: value if isinstance(value := entry.get(key), str) else None for key in ("ref", "digest", "version")}
    name = str(entry.get("name") or "")
    image = manifest.images.get(name) if manifest else None
    behind = None
    if image is not None and texts["digest"] is not None and image.ref in (None, texts["ref"]):
        behind = texts["digest"] != image.digest
    return ImageState(name, texts["ref"], texts["digest"], texts["version"], behind)


def _behind(version: Version | None, manifest: Manifest | None) -> bool | None:
    """Whether the newest build is newer; None where the two can't be compared."""
    if version is None or manifest is None or version.channel != manifest.build.channel:
        return None
    order = version.compare(manifest.build.version)
    return None if order is Order.UNKNOWN else order is Order.OLDER


def show(found: Report, screen: Screen) -> None:
    """Shows the report to people: a line a part, and below what to do about what is behind."""
    client, channel, host = found.client, found.channel, found.host
    how = f", installed by {client.method}" if client.method else ""
    screen.line(f"client   {_marked(screen, client.version, client.behind)} ({client.channel}{how})")
    screen.line(f"channel  {channel.newest or 'not known'}{f' at {channel.place}' if channel.place else ''}")
    if channel.newest:
        screen.line(f"         {channel.signed or channel.not_signed}")
    if host is None:
        screen.line("host     none yet: 'viberun setup me@host' sets one up")
    elif host.server is None:
        screen.line(f"host     {host.name}: no answer")
    else:
        screen.line(f"host     {host.name}")
        version = host.server.version or "of an unknown version"
        screen.line(f"  server {_marked(screen, version, host.server.behind)}")
        for image in host.images:
            version = image.version or image.digest or "not there"
            screen.line(f"  image  {image.name} {_marked(screen, version, image.behind)}")
    for problem in (*([f"warning: {channel.warning}"] if channel.warning else []), *found.problems):
        screen.warn(problem)
    if client.behind:
        screen.line(f"\nTo update this client:     {client.update}")
    if host and host.server and (host.server.behind or any(image.behind for image in host.images)):
        also = " (after the client)" if client.behind else ""
        screen.line(f"To update server and images: viberun update {host.name}{also}")


def _marked(screen: Screen, version: str, behind: bool | None) -> str:
    return f"{version} {screen.styled('behind', 'yellow')}" if behind else version
