"""Builds and tests with Bazel, and counts: `./test [PATH | TARGET]... [--OPTION]...`, with no PATH everything.

A PATH is a folder, a file, or `FILE::NAME`. A TARGET is a pattern of Bazel's: `//tests/unit/...`, and `-//tests/e2e/...` to
leave some out. An OPTION is one of `bazel test`: `--test_filter=NAME`, `--test_output=streamed`, `--test_arg=--pdb`.

Started by ./test, whose last line is the count.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.count import Count, count_build, count_cached, settle

# For building, and again for testing: a busy machine takes twice as long for all as a quiet one of two cores.
TIME_LIMIT_SECONDS = 60 * float(os.environ.get("VIBERUN_TEST_MINUTES", "70"))

Run = Callable[[Sequence[str]], int]


class UnknownPathError(ValueError):
    """Tests were asked for where there are none."""

    def __init__(self, path: str) -> None:
        super().__init__(f"no tests at or below {path}")


class MixedPathsError(ValueError):
    """Files and whole folders were asked for at once."""

    def __init__(self) -> None:
        super().__init__(
            "a file is tested by a filter, which holds for all: name files alone, or folders and targets alone"
        )


@dataclass
class Request:
    """What is to be tested, as Bazel takes it."""

    patterns: list[str] = field(default_factory=list)
    options: list[str] = field(default_factory=list)
    filters: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, workspace: Path, arguments: Sequence[str]) -> "Request":
        """Raises UnknownPathError where a path has no tests, MixedPathsError where not all are files, or none is."""
        request = cls()
        for argument in arguments:
            if argument.startswith(("//", "-//", "@")):
                request.patterns.append(argument)
            elif argument.startswith("-"):
                request.options.append(argument)
            else:
                request._add_path(workspace, argument)
        if request.filters and len(request.filters) < len(request.patterns):
            raise MixedPathsError
        if request.filters:
            request.options = _narrowed(request.options, " or ".join(request.filters))
        request.patterns = request.patterns or ["//..."]
        return request

    def _add_path(self, workspace: Path, argument: str) -> None:
        path, _, name = argument.partition("::")
        path = os.path.normpath(path)
        if (workspace / path).is_dir() and has_tests(workspace / path):
            self.patterns.append("//..." if path == "." else f"//{path}/...")
        elif (workspace / path).is_file() and has_tests((workspace / path).parent):
            package, file = os.path.split(path)
            self.patterns.append(f"//{package}:all")
            self.filters.append(f"({file} and {name})" if name else file)
        else:
            raise UnknownPathError(argument)


def _narrowed(options: list[str], to: str) -> list[str]:
    """Lets a --test_filter among the options choose among the tests that match `to`."""
    given = [option.removeprefix("--test_filter=") for option in options if option.startswith("--test_filter=")]
    others = [option for option in options if not option.startswith("--test_filter=")]
    return [*others, "--test_filter=" + " and ".join(f"({part})" for part in (to, *given))]


def has_tests(folder: Path) -> bool:
    """Whether a BUILD file at or below `folder` declares a test."""
    return any(re.search(r"_tests?\(", build.read_text()) for build in folder.rglob("BUILD"))


def run(request: Request, bazel: Run, scratch: Path) -> Count:
    """Builds all, hermetically, and tests it.

    Built first: a test sees more of the machine than a build action may, and so do the actions of `bazel test`.
    """
    events = scratch / "events.json"
    options = ["--config=hermetic", "--keep_going", *request.options]
    built = bazel(["build", *options, "--", *request.patterns]) == 0
    exit_code = bazel(["test", *options, f"--build_event_json_file={events}", "--", *request.patterns])
    lines = events.read_text().splitlines() if events.exists() else []
    count = settle(count_build(lines, exit_code), ended_well=built)
    cached, targets = count_cached(lines)
    print(f"{cached} of {targets} targets have their results from a cache", flush=True)
    return count


def call(command: Sequence[str], folder: Path) -> int:
    """Runs `command` and returns its exit code, 124 when it took too long (as timeout(1) does)."""
    with subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL) as process:
        try:
            return process.wait(TIME_LIMIT_SECONDS)
        except subprocess.TimeoutExpired:
            print(f"took longer than {TIME_LIMIT_SECONDS:.0f} s: {' '.join(command[:3])} …", file=sys.stderr)
            process.terminate()
            return 124


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="./test", usage="./test [PATH | TARGET]... [--OPTION]...", description=__doc__
    )
    if set(argv) & {"-h", "--help"}:
        parser.print_help()
        return 0
    workspace = Path(os.environ["BUILD_WORKSPACE_DIRECTORY"])
    try:
        request = Request.of(workspace, argv)
    except (UnknownPathError, MixedPathsError) as error:
        parser.error(str(error))
    with tempfile.TemporaryDirectory(prefix="viberun-test-") as scratch:
        total = run(request, lambda arguments: call([str(workspace / "bazelw"), *arguments], workspace), Path(scratch))
    print(total)
    return 1 if total.failed or not total.passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
