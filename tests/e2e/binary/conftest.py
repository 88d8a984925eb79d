"""The executables under test, named by environment variables that the runner sets, and machines to run them on."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.binary.machine import Machine, busybox_machine, debian_machine


def executable(variable: str) -> Path:
    """The executable that an environment variable names; a test without it fails."""
    path = os.environ.get(variable)
    if not path:
        pytest.fail(f"{variable} is not set: it names an executable that `bazel build` made")
    return Path(path).resolve(strict=True)


@pytest.fixture(scope="session")
def viberun() -> Path:
    return executable("VIBERUN_LINUX_AMD64")


@pytest.fixture(scope="session")
def server() -> Path:
    return executable("VIBERUN_SERVER_LINUX_AMD64")


@pytest.fixture(scope="session")
def probe() -> Path:
    return executable("VIBERUN_PROBE_LINUX_AMD64")


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Machine]:
    """A root that holds busybox and nothing else."""
    root = tmp_path / "root"
    yield busybox_machine(root)
    shutil.rmtree(root)


@pytest.fixture(params=["busybox", "dash", "bash"])
def machine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Machine]:
    """A root with each of the shells that /bin/sh is."""
    root = tmp_path / "root"
    if request.param == "busybox":
        made = busybox_machine(root)
        made.folder("/tmp", 0o1777)
    else:
        made = debian_machine(root, request.param)
    made.folder("/home/user", 0o755)
    os.chown(made.path("/home/user"), 1234, 1234)
    yield made
    shutil.rmtree(root)
