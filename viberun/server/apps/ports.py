"""Chooses the host's ports for apps: on loopback, from FIRST up."""

from __future__ import annotations

import socket
from collections.abc import Callable, Collection

from viberun.server.errors import ConflictError

FIRST = 20000
LAST = 29999


def listens(port: int) -> bool:
    """Whether something has this port of 127.0.0.1 already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
        return False


def choose(taken: Collection[int], listens: Callable[[int], bool] = listens) -> int:
    """Returns the lowest port that no app has and where nothing listens. Raises ConflictError where there is none."""
    for port in range(FIRST, LAST + 1):
        if port not in taken and not listens(port):
            return port
    raise ConflictError(f"no port from {FIRST} to {LAST} is free", remedy="remove an app that is not needed any more")
