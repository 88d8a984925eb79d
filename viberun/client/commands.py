"""What each command does, from its parsed arguments to the exit status."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping

from viberun.build import Build
from viberun.client import config
from viberun.client import host as hosts
from viberun.client.identity import Identity
from viberun.client.prompts import Prompts
from viberun.client.screen import Screen
from viberun.client.setup import Setup
from viberun.client.ssh import Connection
from viberun.client.store import Store
from viberun.errors import UsageError
from viberun.fetch import Fetcher


def setup(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    screen = _screen(environ)
    prompts = _prompts(options, screen)
    store = Store.config(environ)
    named = options.host or config.remembered(store)
    if named is None or (options.host is None and prompts.possible):
        named = _asked(prompts, config.remembered(store))
    host = hosts.checked(named)
    job = _setup(environ, screen, prompts, fresh=True)
    with Connection(host, environ) as connection:
        config.remember(store, host)
        job.run(connection)
    return 0


def update(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    screen = _screen(environ)
    host = config.chosen(Store.config(environ), options.host)
    job = _setup(environ, screen, _prompts(options, screen), fresh=False)
    with Connection(host, environ) as connection:
        job.run(connection)
    return 0


def upgrade(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    from viberun.client.upgrade import Upgrade, checked

    to = checked(options.to)
    job = Upgrade(Identity.of(Build.embedded(), environ), environ, Fetcher.of(environ), _screen(environ))
    job.check(to) if options.check else job.perform(to)
    return 0


def channel(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    from viberun.client import channel_report

    host = hosts.checked(options.host) if options.host else config.remembered(Store.config(environ))
    identity = Identity.of(Build.embedded(), environ)
    found = channel_report.report(identity, environ, Fetcher.of(environ), host)
    if options.json:
        print(found.to_json())
    else:
        channel_report.show(found, _screen(environ))
    return 1 if found.problems else 0


def _asked(prompts: Prompts, remembered: str | None) -> str:
    hint = f" [{remembered}]" if remembered else " (user@host)"
    named = prompts.text(f"Which host?{hint}") or remembered
    if not named:
        raise UsageError("there is no host to set up", remedy="run 'viberun setup user@host'")
    return named


def _setup(environ: Mapping[str, str], screen: Screen, prompts: Prompts, *, fresh: bool) -> Setup:
    identity = Identity.of(Build.embedded(), environ)
    return Setup(identity, environ, Fetcher.of(environ), Store.state(environ), screen, prompts, fresh)


def _screen(environ: Mapping[str, str]) -> Screen:
    return Screen(sys.stdout, sys.stderr, environ)


def _prompts(options: argparse.Namespace, screen: Screen) -> Prompts:
    always = True if options.yes else False if options.no_update else None
    return Prompts(screen, sys.stdin, always)
