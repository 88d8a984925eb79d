"""The command line of a measurement: how often, and `--help`."""

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Sequence


def parser(name: str, doc: str | None) -> ArgumentParser:
    """Of `./bazelw run //bench:NAME --`; its description is the first paragraph of the module's `doc`."""
    return ArgumentParser(prog=f"./bazelw run //bench:{name} --", description=(doc or "").partition("\n\n")[0])


def runs(name: str, doc: str | None, argv: Sequence[str], default: int) -> int:
    """How many runs `argv` asks for; exits where it asks for something else, or for help."""
    options = parser(name, doc)
    options.add_argument("runs", nargs="?", type=_count, default=default, metavar="RUNS", help=f"how often ({default})")
    count: int = options.parse_args(argv).runs
    return count


def _count(text: str) -> int:
    """A whole number from 1."""
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is no number from 1")
    return int(text)
