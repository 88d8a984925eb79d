"""Finds what a host is to get: the build that VIBERUN_SERVER_VERSION names, out of the channel.

Resolved once a command. A channel that falls back may be one that somebody put back; a version that the user names is theirs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from viberun.client.download.fetch import Fetcher
from viberun.client.download.floor import Floor
from viberun.client.download.freshness import held_back
from viberun.client.download.resolver import Resolved, place, resolve
from viberun.client.identity import Identity
from viberun.client.store import Store
from viberun.version import Order, Version


@dataclass(frozen=True)
class Target:
    """`fallen_from` is the newer build that was seen of the channel before, where what it has now is older; `held_back` says
    that main went on, where the channel did not."""

    resolved: Resolved
    pinned: bool
    fallen_from: Version | None = None
    held_back: str | None = None

    @property
    def version(self) -> Version:
        return self.resolved.version


def find(identity: Identity, environ: Mapping[str, str], fetch: Fetcher, state: Store) -> Target:
    """Resolves the target; raises what `resolve` raises, and UntrustedError where it is another than it was before."""
    where = place(identity.build, environ, identity.wanted)
    resolved = resolve(where, identity.wanted, fetch, own=identity.version)
    floor = Floor(resolved, f"{where.base} {identity.wanted}", state)
    floor.check()
    chosen = identity.pinned or resolved.version.compare(identity.version) is Order.SAME
    fallen_from = None if chosen else floor.above(identity.build)
    floor.rise()
    return Target(resolved, identity.pinned, fallen_from, None if chosen else held_back(resolved, fetch))
