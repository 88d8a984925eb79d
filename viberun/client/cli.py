"""The command line of `viberun`: reads the arguments, runs the command that they name."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence

from viberun.arguments import Parser

Subparsers = argparse._SubParsersAction  # what add_subparsers returns has no public name

_EXIT_STATUS = (
    ("0", "done"),
    ("1", "failed"),
    ("2", "wrong arguments, or a variable that can't be"),
    ("3", "Docker on the host can't be reached"),
    ("4", "there is no such app"),
    ("5", "the app exists already, or is not in a state for this"),
    ("6", "an image could not be pulled"),
    ("7", "the host can't be reached, or does not let you in"),
    ("130", "interrupted"),
)


def run(arguments: Sequence[str]) -> int:
    """Returns the exit status; raises UsageError where the arguments are wrong."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.command is None:
        parser.print_help()
        return 0
    from viberun.client import commands

    status: int = getattr(commands, options.command.replace("-", "_"))(options, _environ())
    return status


def _environ() -> Mapping[str, str]:
    return dict(os.environ)


def _parser() -> Parser:
    parser = Parser(
        prog="viberun",
        description="Run apps on your own server.",
        examples=[
            ("viberun setup me@host", "set up a host, once"),
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
    _add_upgrade(commands)
    _add_channel(commands)
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
    channel.options.add_argument("--json", action="store_true", help="one JSON object on one line")


def _add_answers(parser: Parser) -> None:
    answers = parser.options.add_mutually_exclusive_group()
    answers.add_argument("--yes", action="store_true", default=None, help="answer every question with yes")
    answers.add_argument("--no-update", action="store_true", help="leave the server at its version")


def terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()
