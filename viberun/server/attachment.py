"""Attaching to an app: its tmux session on this terminal, until the person detaches or the app is stopped."""

from __future__ import annotations

import time
from collections.abc import Mapping

from viberun.errors import ViberunError
from viberun.server import app
from viberun.server.engine import Session
from viberun.server.errors import StateError
from viberun.server.inventory import Inventory
from viberun.server.terminal import Terminal

COMMAND = ("viberun-session",)

# What of this environment the session is told: what the terminal can do.
_TOLD = ("TERM", "COLORTERM")

# How long Docker may take to note that a session has ended.
_NOTED_SECONDS = 2.0


def attach(inventory: Inventory, name: str, terminal: Terminal, environ: Mapping[str, str]) -> int:
    """Returns once the session was left: 0, or what a shell would report for the signal that ended it.

    Raises StateError where the app is stopped, before or meanwhile.
    """
    terminal.check()
    container = inventory.running(name)
    told = {key: environ[key] for key in _TOLD if environ.get(key)}
    session = inventory.engine.session(container.id, COMMAND, app.USER, told)
    ended_by = terminal.join(session)
    if ended_by is not None:
        session.hang_up()
        terminal.reset()
        return 128 + ended_by
    status = _status(session)
    if status == 0:
        return 0
    terminal.reset()
    now = inventory.engine.container(container.id)
    if now is None or not now.running:
        raise StateError(
            f"app {name!r} was stopped meanwhile", remedy=f"start it with 'viberun-server apps start {name}'"
        )
    raise ViberunError(f"the session in app {name!r} ended with status {status}")


def _status(session: Session) -> int:
    ends = time.monotonic() + _NOTED_SECONDS
    while True:
        status = session.exit_code()
        if status is not None:
            return status
        if time.monotonic() > ends:
            return -1
        time.sleep(0.02)
