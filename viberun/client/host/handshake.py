"""What the server on a host says of itself, believed no further than it can be read."""

from __future__ import annotations

from dataclasses import dataclass

from viberun.client.host.remote import read_object
from viberun.errors import VersionError, ViberunError
from viberun.fields import Fields
from viberun.protocol import PROTOCOL
from viberun.version import Version

# One release apart they still work together.
_MOST_APART = 1


class ProtocolError(ViberunError):
    """Client and server are too far apart to understand each other."""


@dataclass(frozen=True)
class Server:
    """`version` and `protocol` are None where the server does not tell them in a way that can be read."""

    version: Version | None
    protocol: int | None

    @classmethod
    def read(cls, said: str) -> Server:
        """Reads the output of `viberun-server version --json`, whatever it is."""
        fields = read_object(said)
        return cls(None, None) if fields is None else cls.of(fields)

    @classmethod
    def of(cls, fields: Fields) -> Server:
        """Reads the object in that output, or in that of `self-check`."""
        before = len(fields.problems)
        protocol = fields.integer("protocol", 0, 10**6)
        known = protocol if len(fields.problems) == before else None
        try:
            return cls(Version.parse(fields.text("version")), known)
        except VersionError:
            return cls(None, known)


def check(server: Server, host: str, refresh: str) -> None:
    """Raises ProtocolError where the two do not work together; `refresh` updates this client."""
    if server.protocol is None:
        raise ProtocolError(
            f"viberun-server on {host} does not say what it is", remedy=f"run 'viberun update {host}' to replace it"
        )
    if abs(server.protocol - PROTOCOL) <= _MOST_APART:
        return
    if server.protocol > PROTOCOL:
        raise ProtocolError(
            f"this client is too old for the server on {host} ({server.version or 'of an unknown version'})",
            remedy=f"update it with '{refresh}'",
        )
    raise ProtocolError(
        f"the server on {host} ({server.version or 'of an unknown version'}) is too old for this client",
        remedy=f"run 'viberun update {host}'",
    )
