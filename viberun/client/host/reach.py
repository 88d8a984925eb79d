"""Reaches the server on a host: one look at what the host is and what its server says of itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from viberun.client.host.handshake import Server
from viberun.client.host.remote import HostFacts, NoServerError, Remote, no_root
from viberun.client.host.ssh import Connection
from viberun.client.identity import Identity


@dataclass(frozen=True)
class Reached:
    """A host's server, what it says of itself, and what the host is."""

    remote: Remote
    server: Server
    facts: HostFacts


def reach(connection: Connection, identity: Identity, on_note: Callable[[str], None]) -> Reached:
    """`on_note` is the remote's. Raises RemoteError where one can't become root there, NoServerError where there is no server."""
    host = connection.host
    facts = Remote(connection, environ=identity.environ).look()
    if facts.root not in ("direct", "sudo"):
        raise no_root(host, facts.root)
    if facts.absent:
        raise NoServerError(f"there is no viberun-server on {host}", remedy=f"run 'viberun setup {host}'")
    return Reached(Remote(connection, facts.root, identity.environ, on_note), Server.read(facts.server or ""), facts)
