"""Says what an app can be called: a name that is safe in those of containers and volumes, and on a command line."""

from __future__ import annotations

from viberun.errors import UsageError
from viberun.fields import Form

NAME = Form(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?", "small letters, digits and dashes between them, 32 at most")


def check_name(name: str) -> str:
    """Returns the name; raises UsageError where an app can't be called so."""
    if not NAME.fits(name):
        raise UsageError(f"{name[:80]!r} is no name for an app", remedy=f"use {NAME.meaning}")
    return name
