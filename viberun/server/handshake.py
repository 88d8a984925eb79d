"""Whether the client that calls speaks a protocol that this server understands."""

from __future__ import annotations

from collections.abc import Mapping

from viberun.errors import UsageError, ViberunError
from viberun.protocol import PROTOCOL

VARIABLE = "VIBERUN_PROTOCOL"

# Client and server one release apart still work together.
_APART = 1


class ProtocolError(ViberunError):
    """Client and server are too far apart to understand each other."""


def check(environ: Mapping[str, str]) -> None:
    """Does nothing where no client names its protocol: a person calls. Raises ProtocolError."""
    text = environ.get(VARIABLE)
    if not text:
        return
    if not (text.isascii() and text.isdigit()) or len(text) > 9:
        raise UsageError(f"{VARIABLE} is {text[:40]!r}, which is no whole number", remedy="update the client")
    theirs = int(text)
    if abs(theirs - PROTOCOL) <= _APART:
        return
    remedy = "run 'viberun update' on the client" if theirs > PROTOCOL else "update the client: 'viberun upgrade'"
    raise ProtocolError(f"the client speaks protocol {theirs} and this server {PROTOCOL}", remedy=remedy)
