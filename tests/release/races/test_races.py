"""Two releases at once, in many orders of their requests: in the end the newer commit's stands, whole.

The older is a's, the newer b's. A turn is one request that changes something, from the claim on; an order such as `aab` is
two turns of a, one of b, and then whoever comes first.
"""

import itertools
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from release.bundle.model import Bundle
from tests.release.races.pair import Pair, pair
from tests.release.remote.stack import stack
from tests.release.remote.whole import check_github, check_images, check_whole

# The claim, two image tags, and on GitHub an upload, a deletion, two renames and the page; what follows only tidies up.
_TURNS = 8
_TO_THE_END = 60
_RANDOM_ORDERS = 20


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, verdaccio_script: Path, path: str) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("races")
    with stack(folder / "stack", verdaccio_script, path) as servers:
        servers.begin()
        servers.released(servers.next())
        with pair(servers, folder / "second") as both:
            yield both


def two_builds(both: Pair) -> tuple[Bundle, Bundle]:
    return both.servers.next(), both.servers.next()


def race_what_moves(both: Pair, order: str) -> str:
    """Images and the GitHub release alone, whose names move in several steps; returns the turns taken."""
    older, newer = two_builds(both)
    (_, failed), taken = both.race((older, newer), order, ("ghcr", "github"))
    assert failed is None, f"{taken}: {failed}"
    check_github(both.servers, newer)
    check_images(both.servers, newer)
    return taken


def test_wherever_each_of_the_two_is_interrupted_once_the_newer_stands(both: Pair) -> None:
    points = [(a, b) for a, b in itertools.product(range(1, _TURNS + 1), repeat=2) if (a + b) % 2 == 0]
    orders = ["a" * first + "b" * second + "a" * _TO_THE_END + "b" * _TO_THE_END for first, second in points]
    seen = {race_what_moves(both, order) for order in orders}
    print(f"{len(orders)} orders, {len(seen)} that differ")
    assert len(seen) > len(orders) / 2


def test_in_any_order_that_chance_finds_the_newer_stands(both: Pair) -> None:
    chance = random.Random(1)
    # One that is overtaken before it has moved anything is over, so the older gets further than that more often than not.
    begun = ("a" * chance.randint(1, _TURNS) for _ in range(_RANDOM_ORDERS))
    seen = {race_what_moves(both, turns + "".join(chance.choices("ab", k=40))) for turns in begun}
    print(f"{_RANDOM_ORDERS} orders, {len(seen)} that differ")
    assert len(seen) > _RANDOM_ORDERS / 2


@pytest.mark.parametrize("turns", range(1, 7))
def test_when_the_newer_overtakes_the_older_all_four_places_have_the_newer(both: Pair, turns: int) -> None:
    """The older has claimed, or claimed and published to PyPI, or to npm as well, and so on."""
    older, newer = two_builds(both)
    (_, failed), taken = both.race((older, newer), "a" * turns + "b" * _TO_THE_END + "a" * _TO_THE_END)
    assert failed is None, f"{taken}: {failed}"
    assert taken.startswith("a" * turns + "b" * 6)
    check_whole(both.servers, newer)


@pytest.mark.parametrize("order", ["ab" * 30, "aabb" * 15, "a" * 3 + "b" * 3 + "ab" * 20])
def test_two_releases_of_one_commit_both_succeed(both: Pair, order: str) -> None:
    bundle = both.servers.next()
    failed, taken = both.race((bundle, bundle), order)
    assert failed == [None, None], f"{taken}: {failed}"
    check_whole(both.servers, bundle)


def test_the_older_that_claims_after_the_newer_is_refused_and_changes_nothing(both: Pair) -> None:
    """Its claim may be on the way when the newer's arrives: then GitHub refuses it, else it is not even sent."""
    older, newer = two_builds(both)
    (refused, failed), taken = both.race((older, newer), "b" * _TO_THE_END + "a" * _TO_THE_END)
    assert failed is None
    assert f"{older.manifest.build.commit} is older than {newer.manifest.build.commit}" in str(refused)
    assert taken.strip("b") in ("", "a")
    check_whole(both.servers, newer)
