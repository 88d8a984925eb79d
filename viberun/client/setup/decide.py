"""Decides whether the server on a host gets another version: the table "On a host" of docs/design.md, from versions alone.

It asks nobody and fetches nothing; `setup`, `update` and `vibe` act on what it says.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from viberun.version import Channel, Order, Version


class Verdict(enum.Enum):
    """What there is to do about the server's version."""

    UP_TO_DATE = "up to date"
    ASK = "ask"
    KEEP = "keep"


@dataclass(frozen=True)
class Decision:
    """`default` is the answer that Enter gives to the question of an ASK, False otherwise.

    `client_behind` is whether the server is of a later build than the client, so that it is the client
    that wants updating. `server` is None where it does not tell its version.
    """

    verdict: Verdict
    default: bool
    client_behind: bool
    server: Version | None
    target: Version

    @property
    def question(self) -> str:
        """What an ASK asks. The version that it names is the one to install."""
        there = f"Server is {self.server}" if self.server else "Server is of an unknown version"
        return f"{there}. Update to {self.target}?"


def decide(
    channel: Channel, client: Version, server: Version | None, target: Version, *, pinned: bool = False
) -> Decision:
    """Says what happens with a server of the version `server` (None: unknown or unreadable).

    `channel` is the client's, `target` what would be installed; `pinned` is whether the user named that
    very version, which then takes the client's place as the measure of what is older and newer. So it
    does where the client itself is of another channel than it acts for.
    """
    if server is None:
        return Decision(Verdict.ASK, channel == "dev", False, None, target)
    to_target = server.compare(target)
    to_client = server.compare(client) if server.channel == client.channel else Order.UNKNOWN
    behind = to_client is Order.NEWER
    if to_target is Order.SAME:
        return Decision(Verdict.UP_TO_DATE, False, behind, server, target)
    if server.channel != channel:
        return Decision(Verdict.ASK, channel == "dev", False, server, target)
    if pinned:
        default = channel == "dev" or to_target is Order.OLDER
        return Decision(Verdict.ASK, default, behind, server, target)
    if target.channel == server.channel and to_target is Order.NEWER:
        # A channel that stands further back than the host takes nobody along.
        verdict = Verdict.UP_TO_DATE if to_client is Order.SAME else Verdict.KEEP
        return Decision(verdict, False, behind, server, target)
    order = to_client if client.channel == channel else to_target
    if order is Order.SAME:
        return Decision(Verdict.UP_TO_DATE, False, False, server, target)
    if order is Order.NEWER:
        return Decision(Verdict.KEEP, False, behind, server, target)
    return Decision(Verdict.ASK, True, False, server, target)
