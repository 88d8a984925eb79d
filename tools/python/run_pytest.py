"""Runs pytest on the given files of this workspace and writes the result where Bazel looks for it."""

import os
import sys
import tempfile
from pathlib import Path

import pytest


def main(argv: list[str]) -> int:
    """Runs the test files `argv`, paths below the workspace's root; returns pytest's exit code (5: nothing collected)."""
    workspace = Path(os.environ["RUNFILES_DIR"]) / os.environ.get("TEST_WORKSPACE", "viberun")
    scratch = os.environ.get("TEST_TMPDIR") or tempfile.mkdtemp()
    os.environ.setdefault("HOME", scratch)
    options = [
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(workspace),
        "--import-mode=importlib",
        f"--basetemp={scratch}/pytest",
        "-q",
    ]
    if report := os.environ.get("XML_OUTPUT_FILE"):
        options.append(f"--junitxml={report}")
    if only := os.environ.get("TESTBRIDGE_TEST_ONLY"):
        options += ["-k", only]
    return pytest.main([*options, *(str(workspace / path) for path in argv)])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
