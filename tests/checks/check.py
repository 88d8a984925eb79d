"""Runs the checks and prints what they find: `bazel run //:check`. What has not changed since is not looked at again."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path


def main(argv: Sequence[str]) -> int:
    """Takes more options of `bazel test`; returns its exit code."""
    workspace = Path(os.environ["BUILD_WORKSPACE_DIRECTORY"])
    quiet = ["--noshow_progress", "--ui_event_filters=-info,-warning"]
    command = [str(workspace / "bazelw"), "test", "--config=hermetic", "--keep_going", "--test_output=errors", *quiet]
    return subprocess.run([*command, *argv, "//tests/checks:all"], cwd=workspace).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
