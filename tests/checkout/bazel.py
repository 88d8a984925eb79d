"""A Bazel server of a test's own, in a workspace that the test made: the one that runs the test is busy with that.

A test that starts one has BAZEL_ENVIRONMENT (own_bazel.bzl) from whoever runs it.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Bazel:
    """`./bazelw` in the folder `workspace`, with an output base of its own."""

    workspace: Path
    startup: tuple[str, ...]
    environment: Mapping[str, str]
    enter: tuple[str, ...]

    def attempt(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs a command of Bazel's; returns how it ended, with what it printed."""
        return subprocess.run(
            [*self.enter, "./bazelw", *self.startup, *arguments],
            cwd=self.workspace,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=1500,
        )

    def run(self, *arguments: str) -> str:
        """Runs a command of Bazel's, which must end well; returns its standard output."""
        done = self.attempt(*arguments)
        assert done.returncode == 0, f"bazel {' '.join(arguments)} exited with {done.returncode}:\n{done.stderr}"
        return done.stdout


def users_environment() -> dict[str, str]:
    """What Bazel itself and its downloads are found by. TEST_TMPDIR, which it would take for the place of all, is not in it."""
    names = ("HOME", "PATH", "USER", "XDG_CACHE_HOME")
    return {name: os.environ[name] for name in names if name in os.environ}


@contextmanager
def own_bazel(
    workspace: Path,
    scratch: Path,
    environment: Mapping[str, str],
    settings: Sequence[str] = (),
    enter: Sequence[str] = (),
) -> Iterator[Bazel]:
    """Gives a Bazel for `workspace` whose output base lies in `scratch`; stops it and removes that in the end.

    Args:
      workspace: a folder with `bazelw`.
      scratch: a folder for what Bazel makes.
      environment: the whole environment of Bazel.
      settings: lines of a bazelrc, read last.
      enter: what is put before the command, to run it elsewhere.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    settings_file, output_base = scratch / "bazelrc", scratch / "output"
    settings_file.write_text("".join(f"{line}\n" for line in settings))
    startup = (f"--bazelrc={settings_file}", f"--output_base={output_base}", "--max_idle_secs=900")
    bazel = Bazel(workspace, startup, environment, tuple(enter))
    try:
        yield bazel
    finally:
        bazel.attempt("shutdown")
        if output_base.exists():
            subprocess.run(["find", output_base, "-type", "d", "-exec", "chmod", "u+w", "{}", "+"], check=True)
            shutil.rmtree(output_base)


def checkout_folder() -> Path:
    """The checkout that the test is of; only a test outside of the sandbox can tell."""
    return Path(os.environ["VIBERUN_BAZELW"]).resolve().parent


def copy_bazelw(workspace: Path) -> None:
    """Copies `bazelw` with all that it reads to a workspace that is no copy of the tree."""
    for name in (".bazelversion", "bazelw", "tools/bazel", "tools/sandbox"):
        source, target = checkout_folder() / name, workspace / name
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if source.is_dir() else shutil.copy)(source, target)


def repository_cache(scratch: Path) -> Path:
    """The folder of the checkout's downloads, as its settings have it."""
    with own_bazel(checkout_folder(), scratch, users_environment()) as bazel:
        return Path(bazel.run("info", "repository_cache").strip())
