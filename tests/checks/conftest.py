"""What the checks share: this checkout's tracked files and a way to run a tool on them."""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

Run = Callable[[Sequence[str]], None]


@pytest.fixture(scope="session")
def workspace() -> Path:
    return Path(os.environ["VIBERUN_WORKSPACE"])


@pytest.fixture(scope="session")
def tracked(workspace: Path) -> list[str]:
    """Every file of this checkout that git tracks or would track."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=workspace,
        check=True,
        capture_output=True,
        text=True,
    )
    return [path for path in listing.stdout.splitlines() if (workspace / path).is_file()]


@pytest.fixture(scope="session")
def run(workspace: Path) -> Run:
    """Runs a tool at the workspace's root; what it prints is the failure."""

    def run(command: Sequence[str]) -> None:
        done = subprocess.run(command, cwd=workspace, capture_output=True, text=True, timeout=600)
        if done.returncode:
            pytest.fail(f"{Path(command[0]).name}:\n{done.stdout}{done.stderr}", pytrace=False)

    return run


@pytest.fixture(scope="session")
def python() -> list[str]:
    """How to start an interpreter that looks for packages among the wheels, and whose children do."""
    wheels = ":".join(path for path in sys.path if path.endswith("/site"))
    return ["env", f"PYTHONPATH={wheels}", sys.executable, "-s"]


def script_of_wheel(name: str) -> Path:
    """Returns the program `name` that a wheel carries as a script (binary distribution format, `*.data/scripts`)."""
    (script,) = [path for root in sys.path for path in Path(root).glob(f"*.data/scripts/{name}")]
    return script
