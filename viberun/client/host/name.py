"""Takes the name of a host as ssh would, and nothing else."""

from __future__ import annotations

import re

from viberun.errors import UsageError

_USER = r"[A-Za-z0-9_][A-Za-z0-9._+~@-]*"
_NAME = r"[A-Za-z0-9_][A-Za-z0-9._%-]*"
_IPV6 = r"[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*(%[A-Za-z0-9._-]+)?"
_DESTINATION = re.compile(f"({_USER}@)?({_NAME}|{_IPV6})", re.ASCII)
_URL = re.compile(rf"ssh://({_USER}@)?({_NAME}|\[{_IPV6}\])(:[0-9]{{1,5}})?/?", re.ASCII)


def checked(text: str) -> str:
    """Returns the host as ssh is to be given it: an alias, user@host, or ssh://user@host:port.

    Raises UsageError for anything else, so also for what ssh would take for an option.
    """
    host = text.strip()
    if _URL.fullmatch(host) or (not host.startswith("ssh:") and _DESTINATION.fullmatch(host)):
        return host
    raise UsageError(f"{text!r} is no host", remedy="name it as ssh does: an alias, user@host or ssh://user@host:port")
