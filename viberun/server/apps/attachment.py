"""Attaches this terminal to an app's tmux session, until the person detaches or the app is stopped."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from viberun.errors import ViberunError
from viberun.server.apps import app
from viberun.server.apps.inventory import Inventory
from viberun.server.apps.terminal import Terminal
from viberun.server.engine.engine import ExecSession
from viberun.server.errors import StateError

COMMAND = ("viberun-session",)

# What of this environment the session is told: what the terminal can do.
_TOLD = ("TERM", "COLORTERM")

# How long Docker may take to note that a session has ended.
_NOTED_SECONDS = 2.0


def attach(inventory: Inventory, name: str, terminal: Terminal, environ: Mapping[str, str]) -> int:
    """Returns once the session was left: 0, or what a shell would report for the signal that ended it.

    Raises StateError where the app is stopped, before or meanwhile.
    """
    terminal.require_terminal()
    container = inventory.running(name)
    told = {key: environ[key] for key in _TOLD if environ.get(key)}
    session = inventory.engine.session(container.id, COMMAND, app.USER, told)
    try:
        ended_by = terminal.join(session)
        if ended_by is None:
            status = _status(session)
            if status == 0:
                return 0
            raise _problem(inventory, name, container.id, status)
        session.hang_up()
    except BaseException:
        terminal.reset()
        raise
    terminal.reset()
    return 128 + ended_by


def _problem(inventory: Inventory, name: str, container: str, status: int | None) -> ViberunError:
    """Why the session ended other than by being left."""
    if _ends(lambda: not _runs(inventory, container)):
        if _runs(inventory, app.container_name(name)):
            return StateError(f"app {name!r} was updated meanwhile", remedy="attach to it again")
        remedy = f"start it with 'viberun-server apps start {name}'"
        return StateError(f"app {name!r} was stopped meanwhile", remedy=remedy)
    if status is None:
        return ViberunError(f"the session in app {name!r} has ended", remedy="attach to it again")
    return ViberunError(f"the session in app {name!r} ended with status {status}")


def _status(session: ExecSession) -> int | None:
    """Returns how it ended; None where Docker does not say."""
    _ends(lambda: session.exit_code() is not None)
    return session.exit_code()


def _runs(inventory: Inventory, container: str) -> bool:
    found = inventory.engine.container(container)
    return found is not None and found.running


def _ends(condition: Callable[[], bool]) -> bool:
    """Whether it comes to be within the moment that Docker may take to note an end."""
    ends = time.monotonic() + _NOTED_SECONDS
    while not condition():
        if time.monotonic() > ends:
            return False
        time.sleep(0.05)
    return True
