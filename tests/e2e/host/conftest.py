"""What the tests of a host share. The releases come as VIBERUN_HOST_OLDER, _NEWER, _TWIN and _PROD, each a bundle.json.

A test that can't run fails.
"""

import os
from collections.abc import Iterator

import pytest

from tests.e2e.host import world
from tests.e2e.host.world import World


@pytest.fixture(scope="session")
def the_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    assert os.getuid() == 0, "machines of their own need root"
    with world.made(tmp_path_factory.mktemp("world")) as made:
        yield made
