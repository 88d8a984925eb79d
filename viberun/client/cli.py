"""The command line of `viberun`: reads the arguments, runs the command that they name."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from typing import NoReturn

from viberun.arguments import Parser, whole_number

Subparsers = argparse._SubParsersAction  # what add_subparsers returns has no public name

_EXIT_STATUS = (
    ("0", "done"),
    ("1", "failed"),
    ("2", "wrong arguments, or a variable that can't be"),
    ("3", "Docker on the host can't be reached"),
    ("4", "there is no such app"),
    ("5", "the app exists already, or something else has its name or port"),
    ("6", "an image could not be pulled"),
    ("7", "the host can't be reached, or does not let you in"),
    ("130", "interrupted"),
)


def run(arguments: Sequence[str]) -> int:
    """Returns the exit status; raises UsageError where the arguments are wrong."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.command is None and not (sys.stdin.isatty() and sys.stdout.isatty()):
        parser.print_help()
        return 0
    from viberun.client import commands

    # Whatever ends this program, it closes its connection first.
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup has it
            signal.signal(number, _end)
    if options.command is None:
        return commands.show_overview(dict(os.environ))
    return commands.COMMANDS[options.command](options, dict(os.environ))


def _end(number: int, _: object) -> NoReturn:
    raise SystemExit(128 + number)


def _parser() -> Parser:
    parser = Parser(
        prog="viberun",
        description="Run apps on your own server.",
        examples=[
            ("viberun setup me@host", "set up a host, once"),
            ("viberun vibe demo", "make an app, or come back to it"),
            ("viberun open demo", "show its page in a browser"),
            ("viberun update", "bring server and images to this client's build"),
            ("viberun --version", "print the version of this client"),
        ],
    )
    parser.add_version()
    statuses = [f"  {code:3}  {meaning}" for code, meaning in _EXIT_STATUS]
    parser.epilog = "\n".join([parser.epilog or "", "", "exit status:", *statuses])
    commands = parser.add_subparsers(title="commands", dest="command", metavar="COMMAND")
    _add_setup(commands)
    _add_update(commands)
    _add_vibe(commands)
    _add_apps(commands)
    _add_open(commands)
    _add_logs(commands)
    _add_rm(commands)
    _add_upgrade(commands)
    _add_channel(commands)
    _add_verify(commands)
    return parser


def _add_setup(commands: Subparsers[Parser]) -> None:
    setup = commands.add_parser(
        "setup",
        help="set up a host, or finish setting it up",
        description="Put the server and the images on a Debian or Ubuntu host, and Docker where there is none.\n"
        "Running it again does what is missing.",
        examples=[
            ("viberun setup me@host", "log in as me; becomes root by sudo"),
            ("viberun setup ssh://root@host:2222", "another port"),
            ("viberun setup box", "a Host of ~/.ssh/config"),
        ],
    )
    setup.add_argument("host", nargs="?", metavar="HOST", help="as ssh takes it; asked for where it is missing")
    _add_answers(setup)


def _add_update(commands: Subparsers[Parser]) -> None:
    update = commands.add_parser(
        "update",
        help="bring the server and images on the host to this client's build",
        description="Bring the server and images on the host to the build that this client belongs to.",
        examples=[
            ("viberun update", "the host of the last setup"),
            ("viberun update me@host --yes", "without a question"),
        ],
    )
    update.add_argument("host", nargs="?", metavar="HOST", help="the one of the last setup where it is missing")
    _add_answers(update)


def _add_upgrade(commands: Subparsers[Parser]) -> None:
    upgrade = commands.add_parser(
        "upgrade",
        help="bring this client up to date",
        description="Bring this client up to date, where the install script put it. Where npm, uv or pip did, print\n"
        "the command to run instead.",
        examples=[
            ("viberun upgrade", "the channel's newest build"),
            ("viberun upgrade --check", "only say whether there is one"),
            ("viberun upgrade --to 1.2.3", "this one, newer or older"),
        ],
    )
    upgrade.options.add_argument("--to", metavar="VERSION", help="a version as 'viberun --version' prints it")
    upgrade.options.add_argument("--check", action="store_true", help="install nothing")


def _add_channel(commands: Subparsers[Parser]) -> None:
    channel = commands.add_parser(
        "channel",
        help="show versions: this client, the channel's newest, server and images, and what is behind",
        description="Show this client, the channel's newest build, the host's server and images, and what is behind.",
        examples=[
            ("viberun channel", "with the host of the last setup, if there is one"),
            ("viberun channel me@host --json", "for programs"),
        ],
    )
    channel.add_argument("host", nargs="?", metavar="HOST", help="the one of the last setup where it is missing")
    channel.add_json("one JSON object on one line")


def _add_verify(commands: Subparsers[Parser]) -> None:
    verify = commands.add_parser(
        "verify",
        help="show who signed this client, and the server and images of a host",
        description="Show who signed what runs here and on the host, for which commit, in which run and when. The exit\n"
        "status is 0 where all of it is verified. What this client is, it says itself; the server is compared byte for byte.",
        examples=[
            ("viberun verify", "this client, and the host of the last setup, if there is one"),
            ("viberun verify dev --json", "the channel's newest release, for programs"),
        ],
    )
    verify.add_argument(
        "version", nargs="?", metavar="VERSION", help="a release in their place: dev, latest or a version"
    )
    _add_host(verify)
    verify.add_json("one JSON object on one line")


def _add_answers(parser: Parser) -> None:
    answers = parser.options.add_mutually_exclusive_group()
    answers.add_argument("--yes", action="store_true", default=None, help="answer every question with yes")
    answers.add_argument("--no-update", action="store_true", help="leave the server at its version")
    parser.options.add_argument(
        "--allow-rollback",
        action="store_true",
        help="take a build that is older than one seen before, which --yes does not",
    )


def _add_vibe(commands: Subparsers[Parser]) -> None:
    vibe = commands.add_parser(
        "vibe",
        help="make an app or start it, and work in it",
        description="Make an app or start it, and open its session on this terminal. Detach with Ctrl-B D: it goes on.",
        examples=[("viberun vibe demo", "the app demo on the host of the last setup")],
    )
    _add_app(vibe)
    _add_answers(vibe)


def _add_apps(commands: Subparsers[Parser]) -> None:
    apps = commands.add_parser(
        "apps",
        help="list the apps, or move one to the newest image",
        description="List the apps on the host, or move one to the image that is there now.",
        examples=[
            ("viberun apps", "name, state, image and port of each"),
            ("viberun apps --json", "the same for programs"),
            ("viberun apps update demo", "a new container with the same home; the old one comes back if it fails"),
        ],
    )
    apps.add_json()
    _add_host(apps)
    apps.set_defaults(action="list")
    below = apps.add_subparsers(title="commands", metavar="COMMAND")
    update = below.add_parser(
        "update",
        help="move an app to the image that is on the host now",
        description="Move an app to the image that is on the host now. Its home stays; the old container is kept until\n"
        "the new one is healthy, and put back if it is not.",
        examples=[("viberun apps update demo", "after 'viberun update' brought a new image")],
    )
    update.set_defaults(action="update")
    update.add_argument("app", metavar="APP", help="the app's name")
    update.options.add_argument(
        "--host", metavar="HOST", default=argparse.SUPPRESS, help="not the one of the last setup"
    )


def _add_open(commands: Subparsers[Parser]) -> None:
    page = commands.add_parser(
        "open",
        help="show an app's page here, over the same connection",
        description="Forward the app's port to this machine until Ctrl-C, and show it in a browser where there is one.",
        examples=[
            ("viberun open demo", "prints the address"),
            ("viberun open demo --port 3000 --no-browser", "at a port of your own"),
        ],
    )
    _add_app(page)
    page.options.add_argument(
        "--port", type=whole_number(1, 65535), metavar="N", help="this machine's port (the host's, if it is free here)"
    )
    page.options.add_argument("--no-browser", action="store_true", help="only print the address")


def _add_logs(commands: Subparsers[Parser]) -> None:
    logs = commands.add_parser(
        "logs",
        help="show what an app printed",
        description="Show what an app's processes have printed.",
        examples=[("viberun logs demo --tail 50 --follow", "the last 50 lines, and what comes")],
    )
    _add_app(logs)
    logs.options.add_argument("--follow", action="store_true", help="go on until Ctrl-C")
    logs.options.add_argument("--tail", type=whole_number(), metavar="N", help="only the last N lines")


def _add_rm(commands: Subparsers[Parser]) -> None:
    rm = commands.add_parser(
        "rm",
        help="remove an app, after a question",
        description="Remove an app and, unless its data is kept, all files in its home. Asks first.",
        examples=[
            ("viberun rm demo", "asks"),
            ("viberun rm demo --keep-data", "keeps its home for an app of the same name"),
        ],
    )
    _add_app(rm)
    rm.options.add_argument("--keep-data", action="store_true", help="keep the files in its home")
    rm.options.add_argument("--yes", action="store_true", default=None, help="don't ask")


def _add_app(parser: Parser) -> None:
    parser.add_argument("app", metavar="APP", help="the app's name")
    _add_host(parser)


def _add_host(parser: Parser) -> None:
    parser.options.add_argument("--host", metavar="HOST", help="not the one of the last setup")
