"""Reads what the server on a host says of itself, and refuses one that this client does not understand."""

from __future__ import annotations

from dataclasses import dataclass

from viberun.client.host.remote import read_object
from viberun.errors import VersionError
from viberun.fields import Fields
from viberun.protocol import THIS, ProtocolError, Speaker
from viberun.version import Version


@dataclass(frozen=True)
class Server:
    """Each is None where the server does not tell it in a way that can be read."""

    version: Version | None
    protocol: int | None
    oldest_protocol: int | None = None

    @classmethod
    def read(cls, said: str) -> Server:
        """Reads the output of `viberun-server version --json`, whatever it is."""
        fields = read_object(said)
        return cls(None, None) if fields is None else cls.of(fields)

    @property
    def speaker(self) -> Speaker | None:
        return None if self.protocol is None else Speaker(self.protocol, self.oldest_protocol)

    @classmethod
    def of(cls, fields: Fields) -> Server:
        """Reads the object in that output, or in that of `self-check`."""
        protocol, oldest = _number(fields, "protocol"), _number(fields, "oldest_protocol")
        try:
            return cls(Version.parse(fields.text("version")), protocol, oldest)
        except VersionError:
            return cls(None, protocol, oldest)


def _number(fields: Fields, key: str) -> int | None:
    before = len(fields.problems)
    number = fields.integer(key, 0, 10**6)
    return number if len(fields.problems) == before else None


def require_compatible_server(server: Server, host: str, refresh: str, this: Speaker = THIS) -> None:
    """Raises ProtocolError where the two do not work together; `refresh` updates this client."""
    if server.speaker is None:
        raise ProtocolError(
            f"viberun-server on {host} does not say what it is", remedy=f"run 'viberun update {host}' to replace it"
        )
    if this.understands(server.speaker):
        return
    if server.speaker.protocol > this.protocol:
        raise ProtocolError(
            f"this client is too old for the server on {host} ({server.version or 'of an unknown version'})",
            remedy=f"update it with '{refresh}'",
        )
    raise ProtocolError(
        f"the server on {host} ({server.version or 'of an unknown version'}) is too old for this client",
        remedy=f"run 'viberun update {host}'",
    )
