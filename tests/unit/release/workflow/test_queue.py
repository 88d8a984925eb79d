"""Which run releases: what the workflow's model promises, on random commits, durations and failures."""

import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tests.unit.viberun.strategies  # noqa: F401 # how property tests run
from release.workflow.queue import Job, Run, is_ready, leaves_to, run_of, waits_for

LONGEST_PUBLISH = 60


@dataclass
class Push:
    """A commit of main as it goes through the workflow; times are minutes."""

    number: int
    at: int
    build: int
    again: int
    try_: int
    publish: int
    fails: bool
    queued: bool = False
    finished: bool = False
    publishing: bool = False
    released_at: int | None = None

    @property
    def ready_at(self) -> int:
        return self.at + max(self.again, self.build + self.try_)

    def as_run(self) -> Run:
        return Run(self.number, self.number, f"{self.number:040}", self.finished)

    def jobs(self, now: int) -> Iterable[Job]:
        for name, ends in (
            ("build", self.at + self.build),
            ("build-again", self.at + self.again),
            ("try (ubuntu-24.04)", self.at + self.build + self.try_),
            ("try (macos-15)", self.ready_at),
        ):
            done = now >= ends
            conclusion = "failure" if self.fails and name == "try (macos-15)" else "success"
            yield Job(name, "completed" if done else "in_progress", conclusion if done else None)
        if self.queued:
            yield Job("publish", "in_progress" if self.publishing else "queued", None)


@dataclass
class Actions:
    """Actions' machines: as many as are wanted, and one job `publish` at a time, first come, first served."""

    pushes: list[Push]
    leaves: bool
    dev: int = 0
    log: list[int] = field(default_factory=list)

    def run(self) -> None:
        order = count()
        events = [(push.ready_at, next(order), push, "passed") for push in self.pushes]
        heapq.heapify(events)
        waiting: list[Push] = []
        busy = False
        while events:
            now, _, push, what = heapq.heappop(events)
            if what == "passed" and push.fails:
                push.finished = True
            elif what == "passed":
                begun = [each.as_run() for each in self.pushes if each.at <= now]
                if not self.leaves and (before := waits_for(begun, push.number)):
                    heapq.heappush(events, (now + min(len(before), 10), next(order), push, "passed"))
                else:
                    push.queued = True
                    waiting.append(push)
            else:
                push.finished, push.publishing, busy = True, False, False
                push.released_at, self.dev = now, push.number
                self.log.append(push.number)
            while waiting and not busy:
                first = waiting.pop(0)
                first.publishing = True
                if self.is_left(first, now):
                    first.finished, first.publishing = True, False
                else:
                    busy = True
                    heapq.heappush(events, (now + first.publish, next(order), first, "published"))
        assert all(push.finished for push in self.pushes)

    def is_left(self, push: Push, now: int) -> bool:
        if self.dev > push.number:
            return True
        by_number = {each.number: each for each in self.pushes}
        begun = [each.as_run() for each in self.pushes if each.at <= now]
        return self.leaves and leaves_to(begun, push.number, lambda run: by_number[run.number].jobs(now)) is not None


minutes = st.integers(0, 40)
histories = st.lists(
    st.tuples(
        minutes, minutes, minutes, minutes, st.integers(1, LONGEST_PUBLISH), st.sampled_from([False] * 4 + [True])
    ),
    min_size=1,
    max_size=30,
)
History = list[tuple[int, int, int, int, int, bool]]


def pushed(history: History) -> list[Push]:
    at, pushes = 0, []
    for number, (after, build, again, try_, publish, fails) in enumerate(history, 1):
        at += after
        pushes.append(Push(number, at, build, again, try_, publish, fails))
    return pushes


@given(histories)
def test_every_commit_that_passes_is_released_in_order(history: History) -> None:
    actions = Actions(pushed(history), leaves=False)
    actions.run()
    assert actions.log == [push.number for push in actions.pushes if not push.fails]


@given(histories)
def test_where_runs_leave_to_newer_ones_nothing_waits_longer_than_two_publish_times(history: History) -> None:
    actions = Actions(pushed(history), leaves=True)
    actions.run()
    for push in actions.pushes:
        if not push.fails:
            having = [each.released_at for each in actions.pushes if each.number >= push.number]
            assert min(at for at in having if at is not None) <= push.ready_at + 2 * LONGEST_PUBLISH
    assert actions.log == sorted(actions.log)


PASSED = [Job(name, "completed", "success") for name in ("build", "build-again", "try (a)", "try (b)")]


@pytest.mark.parametrize("status", ["queued", "pending"])
def test_a_run_is_ready_that_waits_for_its_turn_alone(status: str) -> None:
    assert is_ready([*PASSED, Job("publish", status, None)])


@pytest.mark.parametrize(
    "jobs",
    [
        [],
        PASSED,
        [*PASSED, Job("publish", "in_progress", None)],
        [*PASSED, Job("publish", "waiting", None)],  # for a person
        [*PASSED, Job("publish", "completed", "failure")],
        [*PASSED[:3], Job("publish", "queued", None)][1:],
        [*PASSED[:3], Job("try (b)", "completed", "failure"), Job("publish", "queued", None)],
        [*PASSED[:3], Job("try (b)", "in_progress", None), Job("publish", "queued", None)],
        [PASSED[0], *PASSED[2:], Job("publish", "queued", None)],
    ],
)
def test_a_run_that_may_not_begin_at_once_is_not_ready(jobs: list[Job]) -> None:
    assert not is_ready(jobs)


def test_of_several_newer_ones_the_newest_that_is_ready_is_taken() -> None:
    runs = [Run(number, number, "c", finished=number == 5) for number in (6, 5, 4, 3, 2, 1)]
    ready = {1, 3, 4, 5}
    found = leaves_to(
        runs, 2, lambda run: [*PASSED, Job("publish", "queued" if run.number in ready else "waiting", None)]
    )
    assert found is not None
    assert found.number == 4
    assert leaves_to(runs, 4, lambda run: PASSED) is None


def test_only_runs_before_that_have_not_ended_are_waited_for() -> None:
    runs = [Run(number, number, "c", finished=number == 2) for number in (4, 3, 2, 1)]
    assert [run.number for run in waits_for(runs, 4)] == [1, 3]


def test_a_run_is_read_as_the_api_gives_it() -> None:
    answer = {"id": 7, "run_number": 3, "head_sha": "abc", "status": "completed", "conclusion": "failure"}
    assert run_of(answer) == Run(3, 7, "abc", finished=True)
    assert not run_of({**answer, "status": "waiting"}).finished
