"""`bazel run //release:version`: the version of this commit, alone on standard output."""

import sys
from collections.abc import Sequence

from release.commands.process import Process
from viberun import program
from viberun.arguments import Parser
from viberun.build import Build
from viberun.version import SPELLINGS


def print_version(arguments: Sequence[str], process: Process) -> int:
    """Prints the version.json that the first argument names, a path below the runfiles, as asked.

    Returns the exit status; raises ViberunError.
    """
    version_json, *rest = arguments
    command = "bazel run //release:version"
    parser = Parser(
        prog=f"{command} --",
        description="Prints the version that a build of this commit carries.",
        examples=[
            (command, "the version, as --version prints it"),
            (f"{command} -- --format pypi", "as PyPI spells it"),
            (f"{command} -- --format json", "every spelling, the commit and where it is from"),
        ],
    )
    parser.options.add_argument(
        "--format", choices=[*SPELLINGS, "json"], default="semver", help="the spelling (semver)"
    )
    spelling = parser.parse_args(rest).format
    build = Build.from_json(process.runfile(version_json).read_bytes())
    if spelling == "json":
        process.out.write(build.to_json())
    else:
        process.out.write(build.version.spellings[spelling] + "\n")
    return 0


def main(arguments: Sequence[str]) -> int:
    return print_version(arguments, Process.this())


if __name__ == "__main__":
    sys.exit(program.run("version", main))
