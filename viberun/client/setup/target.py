"""Finds what a host is to get: the build that VIBERUN_SERVER_VERSION names, out of the channel.

Resolved once a command. Remembers the newest build seen at each address, since a channel that falls
back may be one that somebody put back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from viberun.client.download.fetch import Fetcher
from viberun.client.download.resolver import Resolved, place, resolve
from viberun.client.identity import Identity
from viberun.client.store import Store
from viberun.errors import VersionError
from viberun.version import Order, Version

_FILE = "seen.json"


@dataclass(frozen=True)
class Target:
    """`fallen_from` is the newer build that the channel had before, where what it has now is older."""

    resolved: Resolved
    pinned: bool
    fallen_from: Version | None = None

    @property
    def version(self) -> Version:
        return self.resolved.version


def find(identity: Identity, environ: Mapping[str, str], fetch: Fetcher, state: Store) -> Target:
    """Resolves the target; raises what `resolve` raises."""
    where = place(identity.build, environ, identity.wanted)
    resolved = resolve(where, identity.wanted, fetch, own=identity.version)
    if identity.pinned or resolved.version.compare(identity.version) is Order.SAME:
        return Target(resolved, identity.pinned)
    address = f"{where.base} {identity.wanted}"
    before = _seen(state, address)
    fallen = before is not None and resolved.version.compare(before) is Order.OLDER
    if not fallen:
        state.note(_FILE, address, resolved.version.semver)
    return Target(resolved, False, before if fallen else None)


def _seen(state: Store, address: str) -> Version | None:
    try:
        return Version.parse(state.text(_FILE, address))
    except VersionError:
        return None
