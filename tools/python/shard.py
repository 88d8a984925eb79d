"""Chooses this process's tests of a target by Bazel's sharding (TEST_TOTAL_SHARDS, TEST_SHARD_INDEX): a pytest plugin."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pytest


@dataclass(frozen=True)
class Shard:
    """One of `total` parts of a target's tests, counted from 0."""

    index: int = 0
    total: int = 1

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> "Shard":
        """Reads what Bazel wants, and tells it by TEST_SHARD_STATUS_FILE that it is understood."""
        if "TEST_TOTAL_SHARDS" not in environ:
            return cls()
        if file := environ.get("TEST_SHARD_STATUS_FILE"):
            Path(file).touch()
        return cls(int(environ["TEST_SHARD_INDEX"]), int(environ["TEST_TOTAL_SHARDS"]))


class TestsOfShard:
    """Keeps this shard's of the tests that were asked for; `collected` counts all that the files have.

    Shards are pieces of pytest's order, so that tests with a fixture in common stay together where they can.
    """

    __test__ = False

    def __init__(self, shard: Shard) -> None:
        self._shard = shard
        self.collected = 0

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> Generator[None]:
        self.collected = len(items)
        yield
        index, total = self._shard.index, self._shard.total
        first, end = len(items) * index // total, len(items) * (index + 1) // total
        if others := items[:first] + items[end:]:
            config.hook.pytest_deselected(items=others)
            items[:] = items[first:end]


def say_collected(report: Path, collected: int) -> None:
    """Writes into a report (JUnit XML) without test cases how many tests there are, as the suite's property `collected`."""
    document = ElementTree.parse(report)
    for suite in document.iter("testsuite"):
        properties = ElementTree.SubElement(suite, "properties")
        ElementTree.SubElement(properties, "property", name="collected", value=str(collected))
    document.write(report, encoding="utf-8", xml_declaration=True)
