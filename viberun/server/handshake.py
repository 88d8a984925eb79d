"""Refuses a client that speaks a protocol that this server does not understand."""

from __future__ import annotations

from collections.abc import Mapping

from viberun.errors import UsageError
from viberun.protocol import OLDEST_VARIABLE, THIS, VARIABLE, ProtocolError, Speaker


def require_compatible_client(environ: Mapping[str, str], this: Speaker = THIS) -> None:
    """Does nothing where no client names its protocol: a person calls. Raises ProtocolError."""
    protocol = _number(environ, VARIABLE)
    if protocol is None or this.understands(Speaker(protocol, _number(environ, OLDEST_VARIABLE))):
        return
    newer = protocol > this.protocol
    remedy = "run 'viberun update' on the client" if newer else "update the client: 'viberun upgrade'"
    raise ProtocolError(f"the client speaks protocol {protocol} and this server {this.protocol}", remedy=remedy)


def _number(environ: Mapping[str, str], name: str) -> int | None:
    text = environ.get(name)
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > 9:
        raise UsageError(f"{name} is {text[:40]!r}, which is no whole number", remedy="update the client")
    return int(text)
