"""The command line of `viberun-server`: reads the arguments, runs the command that they name."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence

from viberun.arguments import Parser
from viberun.build import Build
from viberun.protocol import PROTOCOL


def run(arguments: Sequence[str]) -> int:
    """Returns the exit status; raises UsageError where the arguments are wrong."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.command == "version":
        return _version(options)
    parser.print_help()
    return 0


def _parser() -> Parser:
    parser = Parser(
        prog="viberun-server",
        description="The server side of viberun, which the client calls over SSH.",
        examples=[
            ("viberun-server --version", "print the version alone"),
            ("viberun-server version --json", "print version, protocol and commit as JSON"),
        ],
    )
    parser.add_version()
    commands = parser.add_subparsers(title="commands", dest="command", metavar="COMMAND")
    version = commands.add_parser(
        "version",
        help="show version, protocol and commit",
        description="Show the version, the protocol it speaks and the commit it was built from.",
        examples=[("viberun-server version --json", "the same for a program, on one line")],
    )
    version.options.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


def _version(options: argparse.Namespace) -> int:
    build = Build.embedded()
    facts = {"version": build.version.semver, "protocol": PROTOCOL, "commit": build.commit}
    if options.json:
        print(json.dumps(facts))
    else:
        for name, value in facts.items():
            print(f"{name:9} {value}")
    return 0
