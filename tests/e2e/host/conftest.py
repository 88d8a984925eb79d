"""What the tests of a host share. The releases come as VIBERUN_HOST_OLDER, _NEWER, _TWIN and _PROD, each a bundle.json.

A test that can't run fails.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.host import hosts
from tests.e2e.host import world as worlds
from tests.e2e.host.hosts import Settled
from tests.e2e.host.machine import Machine
from tests.e2e.host.world import Person, World


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The network and what is published on it: the dev channel stands at `older`, prod at `prod`."""
    assert os.getuid() == 0, "machines of their own need root"
    with worlds.made(tmp_path_factory.mktemp("world")) as made:
        yield made


@pytest.fixture(scope="session")
def settled(world: World) -> Iterator[Settled]:
    """A host that had nothing, set up with `older` by somebody who was never there before."""
    with world.network.host("settled") as host:
        person = world.person()
        setup = person.terminal("older", "setup", "settled", NO_COLOR="1")
        setup.expect("Are you sure you want to continue connecting")
        setup.enter("yes")
        status = setup.end()
        assert status == 0, setup.said
        yield Settled(host, person, setup, hosts.look(host))


@pytest.fixture
def host(settled: Settled, world: World) -> Iterator[Machine]:
    """The settled host, with the older server on it and the dev channel at `newer`."""
    hosts.put(settled.host, hosts.program(world.releases["older"]))
    world.promote("newer")
    yield settled.host
    world.promote("older")


@pytest.fixture
def person(world: World, settled: Settled) -> Person:
    """Somebody who knows the settled host, and did nothing there yet."""
    return world.person(settled.host)


@pytest.fixture(scope="session")
def disk(world: World, settled: Settled, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is on the disk of a host that has Docker and nothing of ours."""
    folder = settled.host.save(tmp_path_factory.mktemp("disk"))
    for path in ("usr/local/bin/viberun-server", "usr/local/bin/viberun-server.previous"):
        (folder / path).unlink(missing_ok=True)
    hosts.remove(folder / "var/lib/viberun")
    return folder
