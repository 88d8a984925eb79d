"""A host, a channel and clients for the tests of whole commands."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.viberun.client.hosts import Host, make_host, release
from tests.unit.viberun.client.stage import NEWER, PROD, Viberun
from tests.unit.viberun.client.vouched import CLIENT, NUMBER, ROOT, Mirrored, certificate
from tests.unit.viberun.installed import BUILD, START, install


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return make_host(tmp_path)


@pytest.fixture
def channel(tmp_path: Path) -> Path:
    release(tmp_path / "channel", BUILD)
    return tmp_path / "channel"


@pytest.fixture(scope="session")
def clients(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("clients")
    builds = {"now": BUILD, "newer": NEWER, "prod": PROD}
    return {name: install(folder / name, START.format(program="client"), build) for name, build in builds.items()}


@pytest.fixture
def viberun(clients: dict[str, Path], host: Host, channel: Path) -> Viberun:
    return Viberun(clients, host, channel)


@pytest.fixture(scope="session")
def vouching_clients(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("clients")
    builds = {
        "now": CLIENT,
        "newer": replace(NEWER, repository_id=NUMBER),
        "nameless": replace(CLIENT, repository_id=None),
    }
    for name, build in builds.items():
        install(folder / name, START.format(program="client"), build)
        (folder / name / "viberun/trusted_root.json").write_text(ROOT)
    return {name: folder / name for name in builds}


@pytest.fixture
def mirrored(tmp_path: Path, host: Host, vouching_clients: dict[str, Path]) -> Mirrored:
    return Mirrored(host, vouching_clients, *certificate(tmp_path))
