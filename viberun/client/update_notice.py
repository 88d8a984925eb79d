"""Finds the one line that says what is behind: the client, the server, or the images of apps.

Asks the channel and the host's registry at most once an hour, in the background of the command that
runs, and is waited for a second at most. What it can't find out it does not mention.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

from viberun.channel import CHANNEL_URL, followed
from viberun.client.host.handshake import Server
from viberun.client.host.remote import Remote
from viberun.client.identity import Identity
from viberun.client.setup.decide import Verdict, decide
from viberun.client.store import Store
from viberun.errors import NewerManifestError, VersionError, ViberunError
from viberun.version import MOVING, Order, Version

TYPE_CHECKING = False
if TYPE_CHECKING:
    from viberun.client.download.fetch import Fetcher

EVERY = 3600  # seconds between two looks
AGAIN = 300  # seconds to the next look where a command ended before the answer came
PATIENCE = 1.0  # seconds that a command waits for what is not known yet

_FILE = "behind.json"
_UNKNOWN = "of a later meaning"  # remembered in the place of a version


class UpdateNotice:
    """Looks up, while a command works, what is behind. Whatever fails here is silent: the command did not ask for it."""

    def __init__(
        self,
        identity: Identity,
        environ: Mapping[str, str],
        state: Store,
        now: Callable[[], float] = time.time,
        fetch: Fetcher | None = None,
    ) -> None:
        self._identity, self._environ, self._state, self._now = identity, environ, state, now
        self._fetch = fetch
        self._threads: list[threading.Thread] = []
        self._guard = threading.Lock()
        self._dropped: set[str] = set()

    def ask_channel(self) -> None:
        """Begins to find out the channel's newest build, unless that was done within the hour."""
        self._begin(self._channel, self._newest)

    def ask_host(self, remote: Remote) -> None:
        """Begins to find out which apps the registry has newer images for, likewise."""
        self._begin(_host(remote.host), lambda: _behind(remote))

    def forget(self, host: str) -> None:
        """Drops what is known of a host's apps, and what is being found out: a command has changed them."""
        with self._guard:
            self._dropped.add(_host(host))
            forget(self._state, host)

    def line(self, host: str, server: Server) -> str | None:
        """Says what is behind, with the command that helps; None where nothing is known to be. Waits for a second."""
        deadline = time.monotonic() + PATIENCE
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        mine, refresh = self._identity.version, self._identity.refresh
        decision = decide(self._identity.channel, mine, server.version, mine)
        if decision.client_behind:
            return f"this client ({mine}) is behind the server on {host} ({server.version}); update it with '{refresh}'"
        if self._known(self._channel) == _UNKNOWN:
            return f"this client ({mine}) is too old to read the channel; update it with '{refresh}'"
        newer = self._newer()
        if newer is not None:
            return f"this client ({mine}) is behind the channel ({newer}); update it with '{refresh}'"
        if decision.verdict is Verdict.ASK and decision.default and not self._identity.pinned:
            return (
                f"the server on {host} is {server.version or 'of an unknown version'}, this client {mine};"
                f" run 'viberun update {host}'"
            )
        apps = self._known(_host(host)).split()
        if apps:
            return (
                f"there is a newer image for {', '.join(apps)}; run 'viberun update {host}',"
                f" then 'viberun apps update {apps[0]}'"
            )
        return None

    @property
    def _channel(self) -> str:
        """What the channel's newest build is remembered under."""
        build, at = followed(self._identity.build, self._environ), self._environ.get(CHANNEL_URL, "")
        return " ".join(["channel", self._identity.channel, build.repository or "", at, build.github])

    def _newest(self) -> str:
        # Slow to import, and needed once an hour.
        from viberun.client.download.fetch import Fetcher
        from viberun.client.download.resolver import newest, place
        from viberun.client.download.trust import TooOldError

        fetch = self._fetch or Fetcher.hasty(self._environ)
        where = place(self._identity.build, self._environ, MOVING[self._identity.channel])
        try:
            return newest(where, fetch).version.semver
        except (NewerManifestError, TooOldError):
            return _UNKNOWN

    def _newer(self) -> Version | None:
        """Returns the channel's newest build if it is newer than this client."""
        try:
            found = Version.parse(self._known(self._channel))
        except VersionError:
            return None
        mine = self._identity.version
        return found if found.channel == mine.channel and found.compare(mine) is Order.NEWER else None

    def _begin(self, key: str, find: Callable[[], str]) -> None:
        with self._guard:
            noted = self._state.read(_FILE)
            checked = noted.get(f"{key} checked")
            if isinstance(checked, (int, float)) and 0 <= self._now() - checked < EVERY:
                return
            # Noted first, so that a place that does not answer is not asked by every command.
            self._state.note(_FILE, f"{key} checked", int(self._now()) - EVERY + AGAIN)

        def look() -> None:
            try:
                found: str | None = find()
            except (ViberunError, OSError, ValueError):
                found = None
            with self._guard:
                if key in self._dropped:
                    return
                if found is not None:
                    self._state.note(_FILE, key, found)
                self._state.note(_FILE, f"{key} checked", int(self._now()))

        thread = threading.Thread(target=look, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _known(self, key: str) -> str:
        return self._state.text(_FILE, key)


def forget(state: Store, host: str) -> None:
    """Drops what is noted of a host's apps, so that the next command asks anew."""
    state.drop(_FILE, _host(host), f"{_host(host)} checked")


def _host(host: str) -> str:
    """Returns what the apps of a host that are behind are remembered under."""
    return f"host {host}"


def _behind(remote: Remote) -> str:
    """Returns the apps that are behind the registry, by name."""
    value = remote.ask(["update-check"]).get("apps")
    apps = [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
    return " ".join(str(app.get("app")) for app in apps if app.get("behind") is True)
