"""Explains ssh's messages, each in one line with what to do."""

from __future__ import annotations

import re

from viberun.errors import ViberunError


class SshError(ViberunError):
    """The host can't be reached, or ssh does not let us in."""

    exit_code = 7


class HostKeyError(SshError):
    """The host's key is not known, or not the one that it had."""


def trouble(host: str, said: str, *, stood: bool = False) -> SshError:
    """Returns what ssh's messages mean, in one line with what to do; `stood` is whether the connection was there before."""
    for pattern, kind, message, remedy in _TROUBLES:
        if re.search(pattern, said):
            return kind(message.format(host=host), remedy=remedy.format(host=host))
    if stood:
        return SshError(f"the connection to {host} was lost", remedy=_AGAIN)
    return SshError(
        f"{host} can't be reached: {last_line(said) or 'ssh does not say why'}", remedy=f"check that 'ssh {host}' works"
    )


_AGAIN = "run the same command again: it goes on where it stopped"

_TROUBLES: tuple[tuple[str, type[SshError], str, str], ...] = (
    (
        "IDENTIFICATION HAS CHANGED|POSSIBLE DNS SPOOFING|Host key for .* has changed",
        HostKeyError,
        "the host key of {host} has changed: it was set up anew, or somebody is in between",
        "if you know why, remove the old key with 'ssh-keygen -R' and the host's name, then log in once with 'ssh {host}'",
    ),
    (
        "Host key verification failed|No .* host key is known",
        HostKeyError,
        "the host key of {host} is not known here",
        "log in once with 'ssh {host}' and compare the key that it shows",
    ),
    (
        "Permission denied|Too many authentication failures|no mutual signature",
        SshError,
        "{host} does not let you log in",
        "check the user and the key: 'ssh {host}' must work",
    ),
    (
        "Could not resolve hostname",
        SshError,
        "there is no host {host}",
        "check the name, or give it a 'Host' entry in ~/.ssh/config",
    ),
    (
        "Connection refused",
        SshError,
        "{host} refuses the connection",
        "check that an SSH server runs there, and its port",
    ),
    (
        "timed out|No route to host|Network is unreachable|Host is down",
        SshError,
        "{host} does not answer",
        "check that it is up, and the network in between",
    ),
    (
        "Connection (closed|reset)|Broken pipe|closed by remote host|kex_exchange_identification|not responding",
        SshError,
        "the connection to {host} was lost",
        _AGAIN,
    ),
)


def no_ssh() -> SshError:
    return SshError("there is no ssh on this machine", remedy="install OpenSSH's client (openssh-client)")


def last_line(said: str) -> str:
    """Returns the last line that is not empty, without the space around it."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return lines[-1] if lines else ""
