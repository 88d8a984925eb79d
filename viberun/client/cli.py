"""The command line of `viberun`: reads the arguments, runs the command that they name."""

from __future__ import annotations

from collections.abc import Sequence

from viberun.arguments import Parser


def run(arguments: Sequence[str]) -> int:
    """Returns the exit status; raises UsageError where the arguments are wrong."""
    parser = _parser()
    parser.parse_args(arguments)
    parser.print_help()
    return 0


def _parser() -> Parser:
    parser = Parser(
        prog="viberun",
        description="Run apps on your own server.",
        examples=[
            ("viberun", "show this help"),
            ("viberun --version", "print the version of this client"),
        ],
    )
    parser.add_version()
    return parser
