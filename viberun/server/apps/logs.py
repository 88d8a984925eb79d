"""Reads what an app's processes have printed, and go on to print."""

from __future__ import annotations

from collections.abc import Iterator

from viberun.server.apps import app
from viberun.server.apps.inventory import Inventory
from viberun.server.engine.stream import merged
from viberun.server.errors import NoSuchAppError, StateError

# Services log to ~/logs/NAME/current. The end of standard input is how this learns that nobody reads any more.
_SERVICES = """
cd "$HOME/logs" 2>/dev/null || exit 0
lines=$1
shift
follow=$1
set -- */current
[ -e "$1" ] || exit 0
[ "$follow" ] || exec tail -v -n "$lines" "$@"
tail -v -n "$lines" -F "$@" 2>/dev/null &
cat >/dev/null
kill $!
"""


def read(inventory: Inventory, name: str, follow: bool, tail: int | None) -> Iterator[bytes]:
    """Yields the container's log and, where it runs, its services' logs; with `follow` until it stops.

    `tail`: so many of the last lines of each, all of them if None.
    """
    container = inventory.container(name)
    if container is None:
        if inventory.record(name) is None:
            raise NoSuchAppError(name)
        raise StateError(f"app {name!r} has no container", remedy=f"start it with 'viberun-server apps start {name}'")
    sources = [inventory.engine.log(container.id, follow, tail)]
    if container.running:
        lines = "+1" if tail is None else str(tail)
        command = ["sh", "-c", _SERVICES, "sh", lines, "follow" if follow else ""]
        sources.append(inventory.engine.output(container.id, command, app.USER))
    if follow:
        yield from merged(sources)
        return
    for source in sources:
        yield from source
