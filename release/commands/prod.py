"""`bazel run //release:prod`."""

import sys
from collections.abc import Sequence

from release.commands import cli
from release.commands.process import Process
from viberun import program


def main(arguments: Sequence[str]) -> int:
    return cli.release("prod", arguments, Process.this())


if __name__ == "__main__":
    sys.exit(program.run("release", main))
