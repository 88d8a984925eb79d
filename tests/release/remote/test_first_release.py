"""The very first release of all: there is no npm package yet."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.release.remote.consumers import Consumer
from tests.release.remote.stack import Stack, stack


@pytest.fixture
def empty(tmp_path: Path, verdaccio_script: Path, path: str) -> Iterator[Stack]:
    with stack(tmp_path / "stack", verdaccio_script, path) as servers:
        yield servers


def test_dev_is_refused_until_a_prod_version_has_taken_latest(empty: Stack, tmp_path: Path) -> None:
    dev = empty.next()
    refused = empty.release(dev)
    assert refused.status == 3
    assert "npm: there is no package viberun yet, and the first version of all becomes 'latest' too" in refused.err
    assert "release a prod version first, with a token" in refused.err

    prod = empty.begin()
    later = empty.next()
    empty.released(later)
    assert Consumer(empty, tmp_path / "home").npm_tags() == {
        "latest": prod.manifest.build.version.npm,
        "dev": later.manifest.build.version.npm,
    }
