"""What each command does, from its parsed arguments to the exit status."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from viberun.app_name import check_name
from viberun.build import Build
from viberun.client import apps as applications
from viberun.client import config, overview
from viberun.client.host import handshake, reach
from viberun.client.host import name as hosts
from viberun.client.host.handshake import Server
from viberun.client.host.reach import Reached
from viberun.client.host.remote import Remote
from viberun.client.host.ssh import Connection
from viberun.client.identity import Identity
from viberun.client.prompts import Prompts
from viberun.client.screen import Screen
from viberun.client.setup.decide import Verdict, decide
from viberun.client.store import Store
from viberun.client.update_notice import UpdateNotice, forget
from viberun.errors import UsageError, ViberunError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from viberun.client.setup.setup import Setup

# What asks the channel is slow to import, and most commands ask no channel: they import it themselves.

Environ = Mapping[str, str]


def setup(options: argparse.Namespace, environ: Environ) -> int:
    screen = _screen(environ)
    prompts = _prompts(options, screen)
    store = Store.config(environ)
    named = options.host or _asked(prompts, config.remembered(store))
    host = hosts.checked(named)
    job = _setup(options, environ, screen, prompts, fresh=True)
    with Connection(host, environ) as connection:
        config.remember(store, host)
        job.run(connection)
    forget(Store.state(environ), host)
    return 0


def update(options: argparse.Namespace, environ: Environ) -> int:
    screen = _screen(environ)
    host = config.chosen(Store.config(environ), options.host)
    job = _setup(options, environ, screen, _prompts(options, screen), fresh=False)
    with Connection(host, environ) as connection:
        job.run(connection)
    forget(Store.state(environ), host)
    return 0


def upgrade(options: argparse.Namespace, environ: Environ) -> int:
    from viberun.client.download.fetch import Fetcher
    from viberun.client.upgrade.upgrade import Upgrade, checked

    to = checked(options.to)
    identity, state = Identity.of(Build.embedded(), environ), Store.state(environ)
    job = Upgrade(identity, environ, Fetcher.of(environ), state, _screen(environ))
    job.announce(to) if options.check else job.perform(to)
    return 0


def channel(options: argparse.Namespace, environ: Environ) -> int:
    from viberun.client import channel_report
    from viberun.client.download.fetch import Fetcher

    host = hosts.checked(options.host) if options.host else config.remembered(Store.config(environ))
    identity = Identity.of(Build.embedded(), environ)
    found = channel_report.report(identity, environ, Fetcher.of(environ), host)
    if options.json:
        print(found.to_json())
    else:
        channel_report.show(found, _screen(environ))
    return 1 if found.problems else 0


def verify(options: argparse.Namespace, environ: Environ) -> int:
    from viberun.client import verification
    from viberun.client.download.fetch import Fetcher

    identity = Identity.of(Build.embedded(), environ)
    job = verification.Verification(identity, environ, Fetcher.of(environ))
    if options.version:
        parts = job.release(verification.checked(options.version))
    else:
        parts = job.everything(
            hosts.checked(options.host) if options.host else config.remembered(Store.config(environ))
        )
    print(verification.to_json(parts)) if options.json else verification.show(parts, _screen(environ))
    return 0 if all(part.verified for part in parts) else 1


def vibe(options: argparse.Namespace, environ: Environ) -> int:
    app = check_name(options.app)
    with _reached(options, environ) as at:
        prompts = _prompts(options, at.screen)
        at.server = _offer(at, options, environ, prompts)
        remote = at.remote
        applications.start(remote, app, at.screen)
        if not prompts.possible:
            at.screen.line(f"There is no terminal to open {app} on: run 'viberun vibe {app}' on one.")
            return 0
        return applications.attach(remote, app, at.screen)


def apps(options: argparse.Namespace, environ: Environ) -> int:
    with _reached(options, environ) as at:
        if options.action == "update":
            applications.update(at.remote, check_name(options.app), at.screen)
            at.notice.forget(at.remote.host)
        else:
            applications.show(at.remote, at.screen, as_json=options.json)
    return 0


def open_app(options: argparse.Namespace, environ: Environ) -> int:
    app = check_name(options.app)
    with _ready(options, environ) as (remote, screen):
        browse = _browser(environ) if screen.live and not options.no_browser else None
        applications.open_page(remote, app, screen, port=options.port, browse=browse)
    return 0


def logs(options: argparse.Namespace, environ: Environ) -> int:
    app = check_name(options.app)
    with _ready(options, environ) as (remote, screen):
        applications.logs(remote, app, screen, follow=options.follow, tail=options.tail)
    return 0


def rm(options: argparse.Namespace, environ: Environ) -> int:
    app = check_name(options.app)
    with _reached(options, environ) as at:
        applications.remove(at.remote, app, _prompts(options, at.screen), keep_data=options.keep_data)
        at.notice.forget(at.remote.host)
    return 0


COMMANDS: Mapping[str, Callable[[argparse.Namespace, Environ], int]] = {
    "setup": setup,
    "update": update,
    "vibe": vibe,
    "apps": apps,
    "open": open_app,
    "logs": logs,
    "rm": rm,
    "upgrade": upgrade,
    "channel": channel,
    "verify": verify,
}


def show_overview(environ: Environ) -> int:
    """Shows what bare `viberun` does on a terminal."""
    if config.remembered(Store.config(environ)) is None:
        overview.welcome(Identity.of(Build.embedded(), environ), _screen(environ))
        return 0
    with _reached(argparse.Namespace(host=None), environ) as at:
        overview.show(at.identity, at.remote, at.server, at.screen)
    return 0


@dataclass
class _HostSession:
    """A host that was reached; `server` is what its server is by now."""

    identity: Identity
    reached: Reached
    server: Server
    notice: UpdateNotice
    screen: Screen

    @property
    def remote(self) -> Remote:
        """Raises ProtocolError where client and server don't understand each other."""
        handshake.require_compatible_server(self.server, self.reached.remote.host, self.identity.refresh)
        return self.reached.remote


@contextlib.contextmanager
def _reached(options: argparse.Namespace, environ: Environ) -> Iterator[_HostSession]:
    """The host of an app's command; in the end the line that something is behind."""
    screen = _screen(environ)
    host = config.chosen(Store.config(environ), options.host)
    identity = Identity.of(Build.embedded(), environ)
    notice = UpdateNotice(identity, environ, Store.state(environ))
    notice.ask_channel()
    with Connection(host, environ) as connection:
        reached = reach.reach(connection, identity, screen.warn)
        notice.ask_host(reached.remote)
        at = _HostSession(identity, reached, reached.server, notice, screen)
        yield at
        behind = notice.line(host, at.server)
    if behind:
        screen.warn(behind)


@contextlib.contextmanager
def _ready(options: argparse.Namespace, environ: Environ) -> Iterator[tuple[Remote, Screen]]:
    with _reached(options, environ) as at:
        yield at.remote, at.screen


def _offer(at: _HostSession, options: argparse.Namespace, environ: Environ, prompts: Prompts) -> Server:
    """Asks whether to update the server, where the table says so and there is an answer to be had.

    Returns what the server is in the end. A channel that does not answer holds nobody up for long.
    """
    identity, server, remote = at.identity, at.server, at.reached.remote
    likely = decide(identity.channel, identity.version, server.version, identity.version)
    if prompts.always is False or (prompts.always is None and not prompts.possible):
        return server
    if likely.verdict is not Verdict.ASK and not identity.pinned:
        return server
    from viberun.client.download.fetch import Fetcher
    from viberun.client.setup import target
    from viberun.client.setup.setup import supported_platform

    job = _setup(options, environ, at.screen, prompts, fresh=False)
    platform = supported_platform(remote.host, at.reached.facts, with_engine=False)
    try:
        found = target.find(identity, environ, Fetcher.hasty(environ), job.state)
    except ViberunError as error:
        at.screen.warn(f"whether the server can be updated is not known: {error}")
        return server
    if not job.wanted(found, server):
        return server
    now = job.bring(remote, platform, found, server)
    at.notice.forget(remote.host)
    return now


def _asked(prompts: Prompts, remembered: str | None) -> str:
    hint = f" [{remembered}]" if remembered else " (user@host)"
    named = prompts.text(f"Which host?{hint}") or remembered
    if not named:
        raise UsageError("there is no host to set up", remedy="run 'viberun setup user@host'")
    return named


def _setup(options: argparse.Namespace, environ: Environ, screen: Screen, prompts: Prompts, *, fresh: bool) -> Setup:
    from viberun.client.download.fetch import Fetcher
    from viberun.client.setup.setup import Setup

    identity = Identity.of(Build.embedded(), environ)
    fetch, state = Fetcher.of(environ), Store.state(environ)
    return Setup(identity, environ, fetch, state, screen, prompts, fresh, options.allow_rollback)


def _screen(environ: Environ) -> Screen:
    return Screen(sys.stdout, sys.stderr, environ)


def _prompts(options: argparse.Namespace, screen: Screen) -> Prompts:
    always = True if getattr(options, "yes", None) else False if getattr(options, "no_update", False) else None
    return Prompts(screen, sys.stdin, always)


def _browser(environ: Environ) -> Callable[[str], None] | None:
    """Returns what shows an address in a browser on this very machine, None where there is none to be seen."""
    if "SSH_CONNECTION" in environ or not (
        sys.platform == "darwin" or environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY")
    ):
        return None
    import webbrowser

    def browse(address: str) -> None:
        with contextlib.suppress(webbrowser.Error, OSError):
            webbrowser.open(address)

    return browse
