"""Releases to four places each of which shows what it has taken only after a while; the clock moves as somebody sleeps."""

import io
import json
import random
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.request import urlopen

import pytest

from release.bundle.model import Bundle
from release.destinations.github.retention import Keep
from release.destinations.registry import remote
from release.driver import steps as driver
from release.driver.progress import Progress, Style
from release.driver.steps import StepError
from release.transport.patience import Waits
from tests.release.faults.kinds import CHANGES, kind_of
from tests.release.github import lag as github
from tests.release.races.pair import Pair, pair
from tests.release.remote.stack import stack
from tests.release.remote.whole import check_whole
from tests.release.servers import lag
from tests.release.servers.gate import Asked, Fault
from tests.unit.release.driver import recorder
from viberun.version import Version

SECONDS = (0.3, 20, 60)
_BEGAN = datetime(2026, 2, 1, tzinfo=UTC)


class Clock(recorder.Clock):
    """Moves as one sleeps; who does lets others run."""

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        time.sleep(0.002)

    def utc(self) -> datetime:
        return _BEGAN + timedelta(seconds=self.now)


class Slow:
    """The four places, and releases to them."""

    def __init__(self, both: Pair, clock: Clock) -> None:
        self.both = both
        self.servers = both.servers
        self.clock = clock
        self.waits = Waits(sleep=clock.sleep, clock=clock)
        registries = {"ghcr": (lag.images, True), "npm": (lag.npm, False), "pypi": (lag.index, False)}
        self.lags = {name: lag.Lag(shown, clock, logged_in=login) for name, (shown, login) in registries.items()}
        self.dist_tags: list[str] = []

    def lag(self, seconds: float) -> None:
        self.clock.sleep(600)
        self.servers.github.lag.seconds = dict.fromkeys(github.KINDS, seconds)
        for name, each in self.lags.items():
            each.seconds = seconds
            for one in self.both.drivers:
                one.gates[name].lag = each

    def release(self, bundle: Bundle) -> Counter[str]:
        """Returns what kinds of changes it asked for."""
        gates, (first, _) = self.servers.gates, self.both.drivers
        for gate in gates.values():
            gate.changes.clear()
        destinations = remote(
            first.of(bundle, self.servers), first.trust, keep=Keep(3, 0), sleep=self.clock.sleep, clock=self.clock
        )
        driver.release(bundle, destinations, Progress(io.StringIO(), Style(quiet=True), self.clock), dry_run=False)
        return self.changes()

    def changes(self) -> Counter[str]:
        return Counter(
            f"{name}: {kind_of(CHANGES['dev'], name, change)}"
            for name, gate in self.servers.gates.items()
            for change in gate.changes
        )

    def note_dist_tag(self) -> None:
        with urlopen(f"{self.servers.verdaccio.url}/viberun") as answer:
            self.dist_tags.append(json.load(answer)["dist-tags"]["dev"])

    def next(self) -> Bundle:
        self.clock.sleep(600)
        return self.servers.next()


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory, verdaccio_script: Path, path: str) -> Iterator[Slow]:
    folder, clock = tmp_path_factory.mktemp("lag"), Clock()
    with stack(folder / "stack", verdaccio_script, path, clock.utc) as servers:
        servers.begin()
        with pair(servers, folder / "second") as both:
            slow = Slow(both, clock)
            for _ in range(4):
                slow.release(slow.next())
            yield slow


@pytest.fixture(autouse=True)
def at_once(slow: Slow) -> Iterator[None]:
    for one in slow.both.drivers:
        for gate in one.gates.values():
            gate.reset()
    yield
    slow.lag(0)
    assert [Version.parse(each).precedence for each in slow.dist_tags] == sorted(
        Version.parse(each).precedence for each in slow.dist_tags
    )


def test_a_release_changes_no_more_than_usual_where_all_places_lag(slow: Slow) -> None:
    usual = slow.release(slow.next())
    for seconds in SECONDS:
        slow.lag(seconds)
        bundle = slow.next()
        assert slow.release(bundle) == usual
        check_whole(slow.servers, bundle)


def test_whatever_answer_gets_lost_where_places_lag_the_same_command_finishes(slow: Slow) -> None:
    usual = slow.release(slow.next())
    slow.lag(20)
    for name, kind in (each.split(": ") for each in usual):
        bundle, gate, lost = slow.next(), slow.servers.gates[name], list[Asked]()

        def lose(change: Asked, name: str = name, kind: str = kind, lost: list[Asked] = lost) -> Fault | None:
            if lost or kind_of(CHANGES["dev"], name, change) != kind:
                return None
            lost.append(change)
            return Fault("whole", "reset")

        gate.policy = lose
        try:
            made = slow.release(bundle)
        except StepError:
            made = slow.changes()
        gate.reset()
        made += slow.release(bundle)
        assert lost
        assert made.total() <= 2 * usual.total(), (kind, made - usual)
        check_whole(slow.servers, bundle)


@pytest.mark.parametrize("seconds", SECONDS)
def test_of_two_releases_at_once_the_newer_stands_where_places_lag(slow: Slow, seconds: float) -> None:
    chance, usual = random.Random(seconds), slow.release(slow.next()).total()
    slow.lag(seconds)
    for begun in (1, 4, 7):
        older, newer = slow.next(), slow.servers.next()
        order = "a" * begun + "".join(chance.choices("ab", k=10)) + "b" * 60 + "a" * 60
        (_, failed), taken = slow.both.race((older, newer), order, waits=slow.waits)
        assert failed is None, f"{taken}: {failed}"
        assert len(taken) <= 2 * usual
        slow.note_dist_tag()
        slow.lag(0)
        check_whole(slow.servers, newer)
        slow.lag(seconds)
