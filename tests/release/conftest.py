"""One set of servers for all tests of a file; each test goes on with the history that those before it made."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.release.remote.stack import Stack, stack
from tests.release.servers import verdaccio


@pytest.fixture(scope="session")
def path() -> str:
    """PATH, with the Node.js that ./test brings along in front, if there is one."""
    own = f"{os.environ['VIBERUN_NODE']}/bin:" if "VIBERUN_NODE" in os.environ else ""
    return f"{own}{os.environ['PATH']}"


@pytest.fixture(scope="session")
def verdaccio_script(tmp_path_factory: pytest.TempPathFactory, path: str) -> Path:
    folder = os.environ.get("VIBERUN_VERDACCIO")
    return verdaccio.install(
        Path(folder) if folder else tmp_path_factory.mktemp("verdaccio"), {**os.environ, "PATH": path}
    )


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory, verdaccio_script: Path, path: str) -> Iterator[Stack]:
    with stack(tmp_path_factory.mktemp("stack"), verdaccio_script, path) as servers:
        servers.begin()
        yield servers
