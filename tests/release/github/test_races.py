"""Two runs release to GitHub at the same time; a scheduler decides whose next change is carried out."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from release.bundle.model import Bundle
from release.destinations.github.destination import GitHubRelease
from release.transport.http import Http
from release.transport.patience import Patience
from tests.release.builds import Builds
from tests.release.github.access import Access
from tests.release.github.server import GitHub
from tests.release.servers.gate import Asked, Fault, Gate
from tests.release.signing import InProcess
from tests.unit.release.driver.recorder import perform
from viberun.errors import ViberunError

LIMIT = 60

SIGNER = InProcess()


class Turns:
    """Carries out one change at a time, always of a run that `choice` picks among those that wait, once all do or sleep."""

    def __init__(self, choice: random.Random, github: GitHub, runs: int) -> None:
        self._choice = choice
        self._github = github
        self._alive = runs
        self._waiting: set[str] = set()
        self._granted: str | None = None
        self._changed = threading.Condition()
        self.order: list[str] = []

    def wait(self, run: str) -> None:
        with self._changed:
            self._waiting.add(run)
            self._choose()
            assert self._changed.wait_for(lambda: self._granted == run, LIMIT), f"{run} never got its turn"
            self._waiting.discard(run)
            self._granted = None
            self.order.append(run)
            names = {asset.name for asset in self._github.repository.assets.values() if asset.state == "uploaded"}
            assert names & {"channel.json", "channel.old.json"}, "nobody finds a channel"

    def end(self) -> None:
        with self._changed:
            self._alive -= 1
            self._choose()

    def sleep(self, seconds: float) -> None:
        """What a run sleeps for may be another's change."""
        self.end()
        time.sleep(seconds)
        with self._changed:
            self._alive += 1

    def _choose(self) -> None:
        if self._granted is None and self._waiting and len(self._waiting) == self._alive:
            self._granted = self._choice.choice(sorted(self._waiting))
            self._changed.notify_all()


class Run:
    """A release of one bundle through a gate of its own, staged already."""

    def __init__(self, github: GitHub, gate: Gate, bundle: Bundle) -> None:
        environ = {name: value.replace(github.url, gate.url) for name, value in github.env.items()}
        self.sleep: Callable[[float], None] = time.sleep
        patience = Patience(silence=5, first=0.001, longest=0.01, total=20, lag=30)
        http = Http(patience, sleep=lambda seconds: self.sleep(seconds))
        self.at = GitHubRelease(http, environ | {"GITHUB_TOKEN": "token"}, SIGNER)
        self.bundle = bundle
        self.gate = gate
        self.error: ViberunError | None = None
        perform("stage", self.at, bundle)
        perform("sign", self.at, bundle)

    def finish(self, name: str, turns: Turns) -> None:
        def take_turn(change: Asked) -> Fault:
            return Fault(before=lambda: turns.wait(name))

        self.gate.policy, self.sleep = take_turn, turns.sleep
        try:
            for step in ("claim", "promote", "verify"):
                perform(step, self.at, self.bundle, self.at)
        except ViberunError as error:
            self.error = error
        finally:
            turns.end()


@contextmanager
def serving(tmp_path: Path) -> Iterator[tuple[GitHub, Gate, Gate, Builds]]:
    with GitHub() as github, Gate(github.port) as first, Gate(github.port) as second:
        github.tokens["token"] = Access()
        yield github, first, second, Builds(github, tmp_path)


def settle(run: Run) -> None:
    """A channel to begin with."""
    for step in ("claim", "promote"):
        perform(step, run.at, run.bundle, run.at)


def race(github: GitHub, seed: int, runs: dict[str, Run]) -> Turns:
    turns = Turns(random.Random(seed), github, len(runs))
    threads = [threading.Thread(target=run.finish, args=(name, turns)) for name, run in runs.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
    assert not any(thread.is_alive() for thread in threads)
    return turns


def check(github: GitHub, bundle: Bundle) -> None:
    assets = {asset.name: asset for asset in github.repository.assets.values()}
    assert assets["channel.json"].content == bundle.manifest.to_json().encode()
    assert "channel.new.json" not in assets
    assert github.repository.refs["refs/tags/dev"] == bundle.manifest.build.commit
    (release,) = github.repository.releases.values()
    assert bundle.manifest.build.commit in (release.body or "").partition("\n")[0]


@pytest.mark.parametrize("fast_forward_tags", [True, False])
def test_of_two_commits_the_newer_one_stands_in_the_end(tmp_path: Path, fast_forward_tags: bool) -> None:
    orders, both = set[tuple[str, ...]](), 0
    with serving(tmp_path) as (github, first, second, builds):
        github.repository.fast_forward_tags = fast_forward_tags
        settle(Run(github, first, builds.dev(builds.commit())))
        for seed in range(12):
            first.reset()
            second.reset()
            older = Run(github, first, builds.dev(builds.commit()))
            newer = Run(github, second, builds.dev(builds.commit()))
            turns = race(github, seed, {"older": older, "newer": newer})
            assert newer.error is None, f"{seed}: {newer.error}"
            assert older.error is None or newer.bundle.manifest.build.commit in str(older.error)
            check(github, newer.bundle)
            orders.add(tuple(turns.order))
            both += older.error is None
    assert len(orders) > 5
    assert both > 1


def test_two_runs_of_one_commit_both_succeed(tmp_path: Path) -> None:
    with serving(tmp_path) as (github, first, second, builds):
        settle(Run(github, first, builds.dev(builds.commit())))
        for seed in range(6):
            first.reset()
            second.reset()
            bundle = builds.dev(builds.commit())
            runs = {"one": Run(github, first, bundle), "other": Run(github, second, bundle)}
            race(github, seed, runs)
            assert [run.error for run in runs.values()] == [None, None]
            check(github, bundle)
