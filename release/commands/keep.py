"""Which dev builds keep their files, as the command line and the variable KEEP say it."""

import argparse
from collections.abc import Mapping

from release.destinations.github.retention import KEEP, Keep
from viberun.arguments import Parser
from viberun.errors import UsageError


def add_option(parser: Parser) -> None:
    """Adds `--keep`, which is None where it is not given."""
    help_text = (
        f"dev builds whose files stay on GitHub, as many, of so many days, or both: 20, 30d, else $KEEP or {KEEP}"
    )
    parser.options.add_argument("--keep", type=_option, metavar="N,DAYSd", help=help_text)


def keep_of(environ: Mapping[str, str]) -> Keep:
    """Returns what the variable says, else the default. Raises UsageError."""
    try:
        return Keep.parse(environ.get("KEEP") or str(KEEP))
    except ValueError as error:
        raise UsageError(f"KEEP: {error}") from error


def _option(text: str) -> Keep:
    try:
        return Keep.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
