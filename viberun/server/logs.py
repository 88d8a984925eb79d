"""What an app's processes have printed, and go on to print."""

from __future__ import annotations

from collections.abc import Iterator

from viberun.server.errors import NoSuchAppError, StateError
from viberun.server.inventory import Inventory


def read(inventory: Inventory, name: str, follow: bool, tail: int | None) -> Iterator[bytes]:
    """The container's log; with `follow` until it stops. `tail`: so many of the last lines, all if None."""
    container = inventory.container(name)
    if container is None:
        if inventory.record(name) is None:
            raise NoSuchAppError(name)
        raise StateError(f"app {name!r} has no container", remedy=f"start it with 'viberun-server apps start {name}'")
    return inventory.engine.log(container.id, follow, tail)
