"""Which Bazel the wrapper finds, with programs that stand in for those of a machine."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

BAZELW = Path(os.environ["RUNFILES_DIR"]) / os.environ["BAZELW"]
TOOLS = (
    "sh",
    "cat",
    "chmod",
    "cp",
    "dirname",
    "grep",
    "head",
    "mkdir",
    "mv",
    "rm",
    "sed",
    "sleep",
    "sort",
    "timeout",
    "tr",
    "uname",
)


class Machine:
    """A checkout with the wrapper, and a PATH on which nothing is but what a test puts there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.programs = folder / "bin"
        self.programs.mkdir()
        for tool in TOOLS:
            (self.programs / tool).symlink_to(str(shutil.which(tool)))
        self.checkout = folder / "checkout"
        (self.checkout / "tools/bazelisk").mkdir(parents=True)
        shutil.copy(BAZELW, self.checkout / "bazelw")
        (self.checkout / ".bazelversion").write_text("7.7.1\n")
        for name in ("package.json", "package-lock.json"):
            (self.checkout / "tools/bazelisk" / name).write_text("{}")
        self.has("id", "echo 1000")

    def has(self, name: str, script: str) -> None:
        program = self.programs / name
        program.unlink(missing_ok=True)
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)

    def has_bazel(self, name: str, version: str) -> None:
        self.has(name, f'if [ "$1" = --version ]; then echo "bazel {version}"; else echo "{name} $*"; fi')

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            ["sh", str(self.checkout / "bazelw"), *arguments],
            cwd=self.folder,
            env={"PATH": str(self.programs), "HOME": str(self.folder)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_bazel_of_the_version_is_taken_with_the_machines_sandbox(machine: Machine) -> None:
    machine.has_bazel("bazel", "7.7.1")
    machine.has_bazel("bazelisk", "7.7.1")
    rc = machine.checkout / f"tools/sandbox/{os.uname().machine}.bazelrc"
    assert machine.run("build", "//a b").stdout == f"bazel --bazelrc={rc} build //a b\n"


def test_a_bazel_of_another_version_is_passed_over(machine: Machine) -> None:
    machine.has_bazel("bazel", "8.0.0")
    machine.has_bazel("bazelisk", "7.7.1")
    assert machine.run("info").stdout.startswith("bazelisk ")


def test_bazelisk_comes_from_npm_where_there_is_none(machine: Machine) -> None:
    bazelisk = '#!/bin/sh\\nif [ "$1" = --version ]; then echo bazel 7.7.1; else echo from npm "$@"; fi\\n'
    machine.has(
        "npm",
        f"""while [ "$1" != --prefix ]; do shift; done
mkdir -p "$2/node_modules/.bin"
printf '{bazelisk}' >"$2/node_modules/.bin/bazelisk"
chmod 755 "$2/node_modules/.bin/bazelisk" """,
    )
    assert machine.run("info").stdout.startswith("from npm ")
    machine.has("npm", "exit 1")  # it is kept
    assert machine.run("info").stdout.startswith("from npm ")


def test_an_install_of_npm_that_was_cut_short_is_made_again(machine: Machine) -> None:
    machine.has("npm", 'while [ "$1" != --prefix ]; do shift; done; mkdir -p "$2/node_modules/.bin"; exit 1')
    assert machine.run("info").returncode == 1
    assert not (machine.folder / ".cache/bazelisk/npm").exists()


def test_without_any_bazel_one_line_says_what_to_install(machine: Machine) -> None:
    done = machine.run("info")
    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("bazelw: no Bazel 7.7.1 here: install bazelisk")


def test_nothing_is_installed_for_who_is_not_root(machine: Machine) -> None:
    machine.has("apt-get", 'echo "apt-get $*" >>"$HOME/apt"')
    assert machine.run("info").returncode == 1
    assert not (machine.folder / "apt").exists()


def test_a_bazelisk_that_gives_another_version_counts_as_absent(machine: Machine) -> None:
    machine.has_bazel("bazelisk", "6.0.0")
    assert machine.run("info").returncode == 1
