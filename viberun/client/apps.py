"""Does what a person wants with the apps on a host, and shows them as its server tells of them."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Callable
from dataclasses import dataclass

from viberun.app_name import NAME
from viberun.client.host.remote import Remote, RemoteError, ServerError
from viberun.client.prompts import Prompts
from viberun.client.screen import Screen
from viberun.errors import UsageError
from viberun.fields import Fields

_NO_SUCH_APP = 4


@dataclass(frozen=True)
class App:
    """An app: `port` is the one on the host's loopback, `behind` None where that is not known."""

    name: str
    state: str
    image: str
    version: str | None
    port: int
    behind: bool | None

    @classmethod
    def read(cls, value: object, host: str) -> App:
        """Raises RemoteError where the server says something else than an app."""
        problems: list[str] = []
        fields = Fields(value, "app", problems)
        app = cls(
            fields.text("name", NAME),
            fields.text("state"),
            fields.text("image"),
            fields.text_or_null("version"),
            fields.integer("port", 1, 65535),
            value.get("behind") if isinstance(value, dict) and isinstance(value.get("behind"), bool) else None,
        )
        if problems:
            raise RemoteError(
                f"viberun-server on {host} does not answer as one does: {problems[0]}",
                remedy=f"run 'viberun update {host}'",
            )
        return app


def listed(remote: Remote) -> list[App]:
    value = remote.ask(["apps", "list"]).get("apps")
    return [App.read(each, remote.host) for each in value] if isinstance(value, list) else []


def find(remote: Remote, app: str) -> App:
    """Raises ServerError with the status of an app that is not there."""
    for each in listed(remote):
        if each.name == app:
            return each
    raise ServerError(f"there is no app {app!r} on {remote.host}; make it with 'viberun vibe {app}'", _NO_SUCH_APP)


def table(apps: list[App], screen: Screen) -> None:
    """Shows a line for each app, under a heading."""
    rows = [("NAME", "STATE", "IMAGE", "PORT", "")]
    rows += [(a.name, a.state, a.version or a.image, str(a.port), _behind(a)) for a in apps]
    widths = [max(len(row[i]) for row in rows) for i in range(4)]
    for number, row in enumerate(rows):
        cells = [cell.ljust(width) for cell, width in zip(row, widths)]
        if number == 0:
            screen.line(screen.styled("  ".join(cells).rstrip(), "dim"))
            continue
        cells[1] = screen.styled(cells[1], "green" if row[1] == "running" else "yellow")
        screen.line("  ".join([*cells, screen.styled(row[4], "yellow")] if row[4] else cells).rstrip())


def _behind(app: App) -> str:
    return f"behind: viberun apps update {app.name}" if app.behind else ""


def show(remote: Remote, screen: Screen, *, as_json: bool) -> None:
    if as_json:
        screen.line(json.dumps(remote.ask(["apps", "list"])))
        return
    apps = listed(remote)
    if apps:
        table(apps, screen)
    else:
        screen.line(f"There are no apps on {remote.host}. Next: 'viberun vibe APP' makes one and opens it.")


def start(remote: Remote, app: str, screen: Screen) -> App:
    """Makes the app, or starts it where there is one."""
    with screen.step(f"starting {app}") as step:
        made = App.read(remote.ask(["apps", "create", app, "--reuse"]), remote.host)
        step.done(f"{app} is {made.state} on {remote.host}")
    return made


def attach(remote: Remote, app: str, screen: Screen) -> int:
    """Opens the app's session on this terminal, until the user leaves it; returns the exit status."""
    status = remote.connection.interactive(remote.command(["apps", "attach", app]))
    if status == 0:
        screen.line(f"{app} goes on. 'viberun vibe {app}' comes back to it, 'viberun open {app}' shows its page.")
    return status


def logs(remote: Remote, app: str, screen: Screen, *, follow: bool, tail: int | None) -> None:
    arguments = [
        "apps",
        "logs",
        app,
        *(["--follow"] if follow else []),
        *(["--tail", str(tail)] if tail is not None else []),
    ]
    remote.call(arguments, screen.line, keep=False)


def update(remote: Remote, app: str, screen: Screen) -> None:
    with screen.step(f"updating {app}") as step:
        said = remote.ask(["apps", "update", app])
        now = App.read(said, remote.host)
        step.done(f"{app} runs {now.version or now.image}")


def remove(remote: Remote, app: str, prompts: Prompts, *, keep_data: bool) -> None:
    """Raises UsageError where nobody can be asked and the command line does not answer either.

    Whether there is such an app only the server knows: what the list does not show, a home that was kept
    or an app whose record can't be read, can be removed too.
    """
    what = "its container; its home stays" if keep_data else "its container and all files in its home"
    if prompts.always is None and not prompts.possible:
        raise UsageError(f"removing {app} asks first, and there is no terminal to ask on", remedy="say --yes")
    if not prompts.yes(f"Remove {app} from {remote.host}: {what}?", default=False):
        prompts.screen.line(f"{app} stays.")
        return
    with prompts.screen.step(f"removing {app}") as step:
        remote.ask(["apps", "rm", app, *(["--keep-data"] if keep_data else [])])
        step.done(f"{app} is removed{', its home stays' if keep_data else ''}")


def open_page(
    remote: Remote, app: str, screen: Screen, *, port: int | None, browse: Callable[[str], None] | None
) -> None:
    """Forwards the app's port to this machine until the user interrupts; `browse` shows an address."""
    found = find(remote, app)
    if found.state != "running":
        found = start(remote, app, screen)
    local = port if port is not None else _free(found.port)
    with contextlib.suppress(KeyboardInterrupt), remote.connection.forwarded(local, found.port) as wait:
        address = f"http://127.0.0.1:{local}/"
        screen.line(f"{app} is at {screen.styled(address, 'bold')} until Ctrl-C.")
        if browse:
            browse(address)
        wait()


def _free(wanted: int) -> int:
    """This port of the loopback if nobody has it here, else any that is free."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            found: int = probe.getsockname()[1]
            return found
    raise UsageError("no port of this machine is free", remedy="name one with --port")
