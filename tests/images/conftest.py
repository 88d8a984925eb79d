"""What the image tests share: the images as they were built, and a container engine that the tests start themselves.

The layouts are named by VIBERUN_IMAGES_APP and VIBERUN_IMAGES_PROXY. A test that can't run fails.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.images import contents
from tests.images.contents import ARCHITECTURES, Image
from tests.images.engine import Engine, started

_VARIABLES = {"app": "VIBERUN_IMAGES_APP", "proxy": "VIBERUN_IMAGES_PROXY"}


def layout(name: str) -> Path:
    path = os.environ.get(_VARIABLES[name])
    assert path, f"{_VARIABLES[name]} must name the folder of the {name} image's OCI layout"
    return Path(path)


@pytest.fixture(scope="session")
def app_layout() -> Path:
    return layout("app")


@pytest.fixture(scope="session")
def proxy_layout() -> Path:
    return layout("proxy")


@pytest.fixture(scope="session", params=[(name, architecture) for name in _VARIABLES for architecture in ARCHITECTURES])
def image(request: pytest.FixtureRequest) -> Image:
    """Each image for each architecture."""
    name, architecture = request.param
    return contents.read(layout(name), architecture)


@pytest.fixture(scope="session", params=["app", "proxy"])
def name(request: pytest.FixtureRequest) -> str:
    value: str = request.param
    return value


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A Docker engine with nothing in it, on a socket of its own."""
    with started(tmp_path_factory.mktemp("engine")) as engine:
        yield engine


@pytest.fixture(scope="session")
def app(engine: Engine, app_layout: Path) -> str:
    """The app image's name in the engine."""
    return engine.load(app_layout, "viberun:test")


@pytest.fixture(scope="session")
def proxy(engine: Engine, proxy_layout: Path) -> str:
    """The proxy image's name in the engine."""
    return engine.load(proxy_layout, "viberun-proxy:test")
