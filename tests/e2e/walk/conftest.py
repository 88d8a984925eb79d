"""The world that the README promises: GitHub and ghcr.io with releases on them, npm's and Python's registries, a host.

The laptop is a Debian 13 with nothing of ours; `tests.e2e.host` makes the machines, `tests.e2e.refresh` the registries.
"""

import os
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.e2e.host import sites, world
from tests.e2e.host.machine import Machine
from tests.e2e.host.network import LAPTOP
from tests.e2e.host.release import REPOSITORY
from tests.e2e.host.world import World
from tests.e2e.refresh import releases
from tests.e2e.refresh.releases import Npm, Pypi, Release
from tests.e2e.walk import readme
from tests.e2e.walk.readme import Block
from tests.e2e.walk.stranger import Stranger
from tests.release.servers import verdaccio

NPM_PORT, PYPI_PORT = 4873, 8080


@pytest.fixture(scope="session")
def pages() -> dict[str, list[Block]]:
    return readme.tried(Path(os.environ["VIBERUN_README"]))


@pytest.fixture(scope="session")
def older() -> Release:
    return releases.read("VIBERUN_REFRESH_OLDER")


@pytest.fixture(scope="session")
def newer() -> Release:
    return releases.read("VIBERUN_REFRESH_NEWER")


@pytest.fixture(scope="session")
def the_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The channel stands at the older build; main has an install script that knows of no repository."""
    with world.made(tmp_path_factory.mktemp("world"), ["python3-venv"]) as made:
        shutil.rmtree(made.laptop.path("/opt/older"))
        made.github.files[f"/{REPOSITORY}/raw/main/install.sh"] = Path(os.environ["VIBERUN_MAIN_SCRIPT"])
        yield made


@pytest.fixture(scope="session")
def npm(the_world: World, tmp_path_factory: pytest.TempPathFactory, older: Release) -> Iterator[Npm]:
    path = f"{os.environ['VIBERUN_NODE']}/bin:/usr/bin:/bin"
    with (
        releases.npm(tmp_path_factory.mktemp("npm") / "server", verdaccio.script(), path) as registry,
        _reachable(the_world.laptop, NPM_PORT, registry.url),
    ):
        registry.publish(older)
        yield registry


@pytest.fixture(scope="session")
def pypi(the_world: World, tmp_path_factory: pytest.TempPathFactory, older: Release) -> Iterator[Pypi]:
    with (
        releases.pypi(tmp_path_factory.mktemp("pypi") / "server") as index,
        _reachable(the_world.laptop, PYPI_PORT, index.url),
    ):
        index.publish(older)
        yield index


@pytest.fixture(scope="session")
def tools(the_world: World) -> None:
    """Node.js, npm and uv, as somebody has them who wants to use npx or uvx."""
    lib, programs = the_world.laptop.path("/usr/local/lib"), the_world.laptop.path("/usr/local/bin")
    node = Path(os.environ["VIBERUN_NODE"])
    npm = (node / "bin/npm").resolve().parents[1]
    shutil.copytree(npm, lib / "node_modules/npm", symlinks=True)
    shutil.copy((node / "bin/node").resolve(), programs / "node")
    (programs / "node").chmod(0o755)
    for name in ("npm", "npx"):
        (lib / f"node_modules/npm/bin/{name}-cli.js").chmod(0o755)
        (programs / name).symlink_to(f"../lib/node_modules/npm/bin/{name}-cli.js")
    for name in ("uv", "uvx"):
        shutil.copy(Path(os.environ["VIBERUN_UV"]).with_name(name), programs / name)
        (programs / name).chmod(0o755)


@pytest.fixture
def stranger(the_world: World) -> Stranger:
    return Stranger(the_world.person())


@contextmanager
def _reachable(laptop: Machine, port: int, url: str) -> Iterator[None]:
    """Leads a port of the laptop to a server outside of its network."""
    behind = int(url.rstrip("/").rpartition(":")[2].partition("/")[0])
    listening = sites.listening(laptop, LAPTOP, port)

    def serve() -> None:
        with suppress(OSError):
            while True:
                client, _ = listening.accept()
                server = socket.create_connection(("127.0.0.1", behind))
                for one, other in ((client, server), (server, client)):
                    threading.Thread(target=_pass, args=(one, other), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()


def _pass(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):
        while content := one.recv(1 << 16):
            other.sendall(content)
    with suppress(OSError):
        other.shutdown(socket.SHUT_WR)
