"""Rewrites the sources as the checks want them: `bazel run //:format`. What it can't mend `bazel run //:check` tells."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.checks.sources import listed
from tests.checks.tools import buildifier, script_of_wheel


def rewrite(workspace: Path, sources: Mapping[str, Sequence[str]], buildifier: Path) -> int:
    """Runs ruff and buildifier over files of the workspace; returns the worst exit code."""
    ruff = str(script_of_wheel("ruff"))
    commands = [
        [ruff, "check", "--fix-only", "--quiet", *sources["python"]],
        [ruff, "format", *sources["python"]],
        [str(buildifier), "-mode=fix", "-lint=fix", *sources["starlark"]],
    ]
    return max(subprocess.run(command, cwd=workspace).returncode for command in commands)


def main(argv: Sequence[str]) -> int:
    """Takes, below RUNFILES_DIR, a file in the folder of the sources and the folder of npm's packages."""
    root, packages = (Path(os.environ["RUNFILES_DIR"]) / path for path in argv)
    with tempfile.TemporaryDirectory() as scratch:
        program = buildifier(packages, Path(scratch))
        return rewrite(Path(os.environ["BUILD_WORKSPACE_DIRECTORY"]), listed(root.parent), program)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
