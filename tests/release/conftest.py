"""One set of servers for all tests of a file; each test goes on with the history that those before it made."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.release.remote.stack import Stack, stack
from tests.release.servers import verdaccio


@pytest.fixture(scope="session")
def path() -> str:
    """PATH, with Node.js and npm in front."""
    return f"{os.environ['VIBERUN_NODE']}/bin:{os.environ['PATH']}"


@pytest.fixture(scope="session")
def verdaccio_script() -> Path:
    return verdaccio.script()


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory, verdaccio_script: Path, path: str) -> Iterator[Stack]:
    with stack(tmp_path_factory.mktemp("stack"), verdaccio_script, path) as servers:
        servers.begin()
        yield servers
