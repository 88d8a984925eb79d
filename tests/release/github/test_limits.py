"""How many requests a release costs, as GitHub counts them: a repository's token has 1,000 an hour."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.release.github.access import Access
from tests.release.github.releases import Field


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Field]:
    slow = Field(tmp_path, Access(installation=True))
    with slow.github, slow.gate:
        yield slow


@pytest.mark.parametrize(("builds", "most"), [(3, 60), (21, 68), (97, 90)])
def test_a_release_beside_so_many_builds_costs_few_requests(slow: Field, builds: int, most: int) -> None:
    slow.keep(builds)
    bundle = slow.dev()
    slow.github.counted.clear()
    slow.release(bundle, keep=builds)
    print(*slow.github.counted, sep="\n")
    assert len(slow.github.counted) <= most
    slow.check(bundle)


def test_a_limit_that_leaves_no_room_for_a_release_is_waited_for_in_preflight(slow: Field) -> None:
    slow.release(slow.dev())
    bundle = slow.dev()
    slow.github.limits.exhaust(3000, left=40)
    began, seen = slow.clock.now, list[float]()
    slow.gate.policy = lambda change: seen.append(slow.clock.now - began)
    slow.release(bundle)
    assert 3000 <= seen[0] < 3100
    slow.check(bundle)
