"""Waits until a container that was started is well: it runs, keeps running, and its first process is set up."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from viberun.server.engine.engine import Engine
from viberun.server.engine.facts import Container
from viberun.server.errors import UnhealthyError

# What the first process is called until it has set up the home folder and becomes the supervisor.
_SETTING_UP = (b"viberun-init", b"runc\0", b"/proc/self/exe\0init")
_SUPERVISOR = b"s6-svscan\0"
_PAUSE_SECONDS = 0.1

# How long a first process that is no supervisor of ours has to run before it counts as begun.
_STRANGER_SECONDS = 1.0


@dataclass(frozen=True)
class HealthCheck:
    """Asks the engine how containers are; `arguments` are those of a process of this host, empty where they can't be read."""

    engine: Engine
    arguments: Callable[[int], bytes]
    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def wait_until_begun(self, container: str, limit: float) -> None:
        """As `wait`, for no longer than it takes to see that it began."""
        self.wait(container, 0, limit)
        found = self.engine.container(container)
        if found is None or not self.arguments(found.pid).startswith(_SUPERVISOR):
            self.wait(container, _STRANGER_SECONDS, limit)

    def wait(self, container: str, settle: float, limit: float) -> None:
        """Returns once the container has been well for `settle` seconds on end.

        Well is: running, not restarted, past its set-up, and healthy where its image says how to check
        that. Raises UnhealthyError with the reason where it ends, or is not well after `limit` seconds.
        """
        began, well_since = self.now(), None
        restarts = None
        while True:
            found = self.engine.container(container)
            if found is None:
                raise UnhealthyError("its container was removed")
            restarts = found.restarts if restarts is None else restarts
            if found.state in ("exited", "dead", "restarting") or found.restarts > restarts:
                # Once it runs again, Docker no longer tells how it ended.
                status = "" if found.running else f" with status {found.exit_code}"
                raise UnhealthyError(f"its container ended{status}{self._said(found)}")
            if found.health == "unhealthy":
                raise UnhealthyError(f"its image's own check calls it unhealthy{self._said(found)}")
            now = self.now()
            if not self._well(found):
                well_since = None
            elif well_since is None:
                well_since = now
            if well_since is not None and now - well_since >= settle:
                return
            if now - began > limit:
                raise UnhealthyError(f"it was not healthy within {limit:.0f} s{self._said(found)}")
            self.sleep(_PAUSE_SECONDS)

    def _well(self, found: Container) -> bool:
        arguments = self.arguments(found.pid) if found.pid else b""
        set_up = not any(each in arguments for each in _SETTING_UP)
        return found.running and set_up and found.health in (None, "none", "healthy")

    def _said(self, found: Container) -> str:
        """Its last words."""
        lines = b"".join(self.engine.log(found.id, follow=False, tail=3)).decode(errors="replace").splitlines()
        words = " ".join(next((line for line in reversed(lines) if line.strip()), "").split())[:200]
        return f", having said: {words}" if words else ""


def arguments_of(pid: int) -> bytes:
    """Returns the arguments of a process of this host, each ended by a zero byte."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
