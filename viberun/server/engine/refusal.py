"""Explains Docker's refusals: the text of an answer becomes one line with a remedy.

Pure; the texts are those of Docker 20.10 and newer, and of the registries behind it.
"""

from __future__ import annotations

import re

from viberun.errors import ViberunError
from viberun.server.errors import ConflictError, DockerError, ImageError, PortTakenError

_SPACE = "free some disk space ('docker system df' shows what Docker uses) and run this again"
_TAKEN = "end what listens there ('ss -ltnp' shows it) and run this again"

_REFUSALS: tuple[tuple[str, type[ViberunError], str], ...] = (
    (r"no space left on device|disk quota exceeded", DockerError, _SPACE),
    (r"port is already allocated|address already in use", PortTakenError, _TAKEN),
    (r"is already in use by container", ConflictError, "rename or remove that container ('docker ps -a' shows it)"),
    (r"volume is in use", ConflictError, "remove the container that uses it ('docker ps -a' shows it)"),
    (
        r"unable to find user",
        ImageError,
        "the image has no user viberun: set VIBERUN_IMAGE to one that is made from viberun's",
    ),
    (r"toomanyrequests|too many requests|rate limit", ImageError, "the registry limits pulls: wait and run this again"),
    (
        r"unauthorized|denied|authentication required|no basic auth",
        ImageError,
        "the image is not there or not public: look at its name, or run 'docker login' as root on the host",
    ),
    (r"manifest unknown|manifest for .* not found|not found: manifest|name unknown", ImageError, "look at its name"),
    (r"no matching manifest|does not match the specified platform", ImageError, "the image is not made for this CPU"),
    (
        r"x509:|certificate|server gave HTTP response to HTTPS client",
        ImageError,
        "the registry's certificate is not one that this host trusts: look at the host's clock and its ca-certificates",
    ),
    (
        r"no such host|server misbehaving|i/o timeout|connection refused|network is unreachable|no route to host"
        r"|connection reset|TLS handshake timeout|Client\.Timeout|deadline exceeded|unexpected EOF|: EOF$",
        ImageError,
        "look at the host's network and run this again",
    ),
    (r"No such image", ImageError, "run 'viberun-server images pull'"),
)

# What is worth another try without anybody changing anything.
_PASSING = re.compile(
    r"i/o timeout|connection refused|connection reset|TLS handshake timeout|Client\.Timeout|deadline exceeded"
    r"|unexpected EOF|: EOF$|server misbehaving|50[0234] |internal server error|service unavailable|bad gateway",
    re.IGNORECASE,
)


def explain(doing: str, text: str) -> ViberunError:
    """Returns the error for what Docker answered, `text`, when asked for `doing` ("pulling IMAGE")."""
    said = _one_line(text)
    for pattern, kind, remedy in _REFUSALS:
        if re.search(pattern, said, re.IGNORECASE):
            return kind(f"{doing}: {said}", remedy=remedy)
    return DockerError(f"{doing}: {said}")


def passes(text: str) -> bool:
    """Whether the same request may succeed a moment later."""
    return _PASSING.search(_one_line(text)) is not None


def _one_line(text: str) -> str:
    return " ".join(text.split()).rstrip(".") or "Docker gave no reason"
