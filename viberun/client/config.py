"""Remembers what the user decided: the host."""

from __future__ import annotations

from viberun.client.host import name as host
from viberun.client.store import Store
from viberun.errors import UsageError

_FILE = "config.json"


def remembered(store: Store) -> str | None:
    """Returns the host of the last setup, None where there is none that ssh could be given."""
    named = store.text(_FILE, "host")
    try:
        return host.checked(named) if named else None
    except UsageError:
        return None


def remember(store: Store, named: str) -> None:
    """Raises StoreError."""
    if remembered(store) != named:
        store.write(_FILE, {**store.read(_FILE), "host": named})


def chosen(store: Store, named: str | None) -> str:
    """Returns the host that was named, else the one that is remembered; raises UsageError where there is neither."""
    if named is not None:
        return host.checked(named)
    found = remembered(store)
    if found is None:
        raise UsageError("there is no host yet", remedy="run 'viberun setup user@host'")
    return found
