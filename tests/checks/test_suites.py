"""Every test file is run by something."""

import subprocess
from pathlib import Path, PurePosixPath

from tests.suites import outside_suites


def in_bazel(workspace: Path) -> set[str]:
    """The files that a python_test runs, as paths below the workspace."""
    query = [str(workspace / "bazelw"), "query", "--noshow_progress", "labels(srcs, kind(python_test, //...))"]
    done = subprocess.run(query, cwd=workspace, check=True, stdout=subprocess.PIPE, text=True, timeout=600)
    return {label.removeprefix("//").replace(":", "/").lstrip("/") for label in done.stdout.splitlines()}


def test_every_test_file_is_run_by_bazel_or_by_a_suite_outside(workspace: Path, tracked: list[str]) -> None:
    outside = [PurePosixPath(suite.name) for suite in outside_suites(workspace, workspace)]
    files = {path for path in tracked if PurePosixPath(path).match("test_*.py")}
    below = {path for path in files if any(PurePosixPath(path).is_relative_to(folder) for folder in outside)}
    inside = in_bazel(workspace)
    assert below
    assert inside
    assert sorted(files - below - inside) == []


def test_every_suite_outside_bazel_has_test_files(workspace: Path) -> None:
    for suite in outside_suites(workspace, workspace):
        assert list((workspace / suite.name).rglob("test_*.py")), suite.name
