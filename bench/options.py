"""The command line of a measurement: how often, and `--help`."""

from argparse import ArgumentParser
from collections.abc import Sequence

from viberun.arguments import whole_number


def parser(name: str, doc: str | None) -> ArgumentParser:
    """Of `./bazelw run //bench:NAME --`; its description is the first paragraph of the module's `doc`."""
    return ArgumentParser(prog=f"./bazelw run //bench:{name} --", description=(doc or "").partition("\n\n")[0])


def runs(name: str, doc: str | None, argv: Sequence[str], default: int) -> int:
    """How many runs `argv` asks for; exits where it asks for something else, or for help."""
    options = parser(name, doc)
    options.add_argument(
        "runs", nargs="?", type=whole_number(1), default=default, metavar="RUNS", help=f"how often ({default})"
    )
    wanted: int = options.parse_args(argv).runs
    return wanted
