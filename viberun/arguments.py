"""Parses the arguments of both programs: help with examples, errors of one line.

Imports argparse, so it is itself imported only once there are arguments to parse.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from viberun import embedded
from viberun.errors import UsageError


class Parser(argparse.ArgumentParser):
    """A parser whose examples, pairs of a command and what it does, end its help.

    Options are never abbreviated: what works today must mean the same once there are more. Wrong
    arguments raise UsageError. `more` is what argparse itself hands to the parser of a command, which
    differs from one Python to the next: `color` since 3.14.
    """

    def __init__(self, *, prog: str, description: str, examples: Sequence[tuple[str, str]], **more: Any) -> None:
        width = max(len(command) for command, _ in examples)
        lines = [f"  {command:{width}}  {purpose}" for command, purpose in examples]
        super().__init__(
            prog=prog,
            description=description,
            epilog="\n".join(["examples:", *lines]),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
            add_help=False,
            **more,
        )
        # Python 3.9 calls this group otherwise; with our own the help is the same everywhere.
        self.options = self.add_argument_group("options")
        self.options.add_argument("-h", "--help", action="help", help="show this help")

    def add_version(self) -> None:
        self.options.add_argument("--version", action=_Version, nargs=0, help="print the version alone")

    def add_json(self, what: str = "print one JSON object") -> None:
        self.options.add_argument("--json", action="store_true", help=what)

    def error(self, message: str) -> NoReturn:
        raise UsageError(" ".join(message.split()), remedy=f"see '{self.prog} --help'")


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        print(embedded.semver())
        parser.exit()


def whole_number(least: int = 0, most: int = 999_999_999) -> Callable[[str], int]:
    """Returns the type of an argument that is a whole number from `least` to `most`."""

    def read(text: str) -> int:
        if text.isascii() and text.isdigit() and len(text) < 10 and least <= int(text) <= most:
            return int(text)
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is no whole number from {least} to {most}")

    return read
