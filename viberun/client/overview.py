"""Shows what bare `viberun` does on a terminal: where one is, and what to do next."""

from __future__ import annotations

from viberun.client import apps
from viberun.client.host.handshake import Server
from viberun.client.host.remote import Remote
from viberun.client.identity import Identity
from viberun.client.screen import Screen


def welcome(identity: Identity, screen: Screen) -> None:
    """Tells what to do first, where there is no host yet."""
    screen.line(f"{screen.styled('viberun', 'bold')} {identity.version}")
    screen.line()
    screen.line("There is no host yet. Next: 'viberun setup user@host', on a Debian or Ubuntu machine of yours.")
    screen.line("'viberun --help' shows all commands.")


def show(identity: Identity, remote: Remote, server: Server, screen: Screen) -> None:
    """Shows the host, the versions and the apps."""
    found = apps.listed(remote)
    screen.line(f"{screen.styled(remote.host, 'bold')}")
    screen.line(f"  client  {identity.version}")
    screen.line(f"  server  {server.version or 'of an unknown version'}")
    screen.line()
    if not found:
        screen.line("There are no apps yet. Next: 'viberun vibe APP' makes one and opens it.")
        return
    apps.table(found, screen)
    screen.line()
    first = found[0].name
    screen.line(
        f"Next: 'viberun vibe {first}' works in it, 'viberun open {first}' shows its page, 'viberun --help' the rest."
    )
