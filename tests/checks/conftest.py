"""What the checks share: a copy of the sources that they are about, and a way to run a tool on them."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from tests.checks.sources import lay_out

Run = Callable[[Sequence[str]], None]


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for the sources, with the settings of the checks."""
    folder = tmp_path_factory.mktemp("workspace")
    shutil.copy(os.environ["VIBERUN_SETTINGS"], folder / "pyproject.toml")
    return folder


@pytest.fixture(scope="session")
def sources(workspace: Path) -> Mapping[str, Sequence[str]]:
    """The paths of each kind below `workspace`."""
    return lay_out(Path(os.environ["VIBERUN_SOURCES"]).parent, workspace)


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
