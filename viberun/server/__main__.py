"""The program `viberun-server`."""

from __future__ import annotations

import sys

from viberun import program

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Runs `viberun-server` with these arguments, `sys.argv`'s if None; returns the exit status."""
    return program.run("viberun-server", _command, argv)


def _command(arguments: Sequence[str]) -> int:
    from viberun.server import cli

    return cli.run(arguments)


if __name__ == "__main__":
    sys.exit(main())
