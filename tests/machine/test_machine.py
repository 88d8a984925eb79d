"""A test that depends on the machine is asked for again when a program of the machine changes, and only then."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.checkout.bazel import Bazel, copy_bazelw, own_bazel, users_environment

# Where the repository's file may be named.
_PACKAGE = """
load("passes.bzl", "passes_test")

passes_test(name = "test", data = ["@machine//:machine.json"])
"""

_RULE = """
def _impl(ctx):
    program = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.write(program, "#!/bin/sh", is_executable = True)
    return DefaultInfo(executable = program, runfiles = ctx.runfiles(ctx.files.data))

passes_test = rule(implementation = _impl, test = True, attrs = {"data": attr.label_list(allow_files = True)})
"""

_WORKSPACE = """
load("//tests/machine:machine.bzl", "machine")

machine(name = "machine", folders = ["{first}", "{second}"], programs = ["tool", "other"])
"""


@dataclass(frozen=True)
class Machine:
    """Folders of programs, and a workspace with a test that depends on them."""

    first: Path
    second: Path
    bazel: Bazel

    def asks_again(self) -> bool:
        """Whether the test runs, or its result is taken from before."""
        done = self.bazel.attempt("test", "--color=no", "//tests/machine:test")
        assert done.returncode == 0, done.stderr
        shown = done.stdout + done.stderr
        ran, kept = "Executed 1 out of 1 test: 1 test passes." in shown, "(cached) PASSED" in shown
        assert ran != kept, shown
        return ran


def put(folder: Path, name: str, content: str) -> None:
    """Installs a program as package managers do: another file, renamed into its place."""
    new = folder / f".{name}.new"
    new.write_text(content)
    new.chmod(0o755)
    new.rename(folder / name)


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    first, second, workspace = tmp_path / "first", tmp_path / "second", tmp_path / "workspace"
    package = workspace / "tests/machine"
    for folder in (first, second, package):
        folder.mkdir(parents=True)
    copy_bazelw(workspace)
    put(second, "tool", "old")
    shutil.copy(os.environ["MACHINE"], package / "machine.bzl")
    (package / "BUILD").write_text(_PACKAGE)
    (package / "passes.bzl").write_text(_RULE)
    (workspace / "WORKSPACE").write_text(_WORKSPACE.format(first=first, second=second))
    settings = ["common --noenable_bzlmod", "common --enable_workspace"]
    with own_bazel(workspace, tmp_path / "own", users_environment(), settings) as bazel:
        yield Machine(first, second, bazel)


def test_a_program_that_changes_or_comes_or_goes_and_nothing_else_lets_a_test_run_again(machine: Machine) -> None:
    assert machine.asks_again()
    assert not machine.asks_again()

    put(machine.second, "tool", "new")
    assert machine.asks_again(), "changed"
    assert not machine.asks_again()

    (machine.first / "tool").symlink_to(machine.second / "tool")
    assert machine.asks_again(), "found earlier on the path"
    put(machine.second, "other", "new")
    assert machine.asks_again(), "installed"
    (machine.second / "other").unlink()
    assert machine.asks_again(), "removed"
    assert not machine.asks_again()

    machine.bazel.run("shutdown")
    assert not machine.asks_again(), "another server, the same machine"
    put(machine.second, "tool", "new")
    assert not machine.asks_again(), "the same bytes, written anew"
