"""Whose turn it is: the runs of release.yml for main, and which of them releases. Pure.

A run is numbered in the order in which main moved. Each commit is released, one after the other: a run waits for those before
it to end. Where the maintainer has set LEAVE_TO_NEWER, none waits: they queue for the job `publish`, and whoever gets there
leaves its release to the newest that could begin at once. So, while publishing works, no commit that passed waits longer than
two publish times: what is left of the one under way, and the newest's.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

# What must have passed before `publish` begins, by the names of the jobs; a matrix adds ` (…)`.
BEFORE_PUBLISH = ("build", "build-again", "try")


@dataclass(frozen=True)
class Run:
    """A run of the workflow: `number` rises with each, `id` is what the API calls it by."""

    number: int
    id: int
    commit: str
    finished: bool


@dataclass(frozen=True)
class Job:
    """A job of a run: its status (`queued`, `in_progress`, `completed`, …) and, at its end, its conclusion."""

    name: str
    status: str
    conclusion: str | None


def waits_for(runs: Iterable[Run], mine: int) -> list[Run]:
    """The runs before number `mine` that have not ended, oldest first."""
    return sorted((run for run in runs if run.number < mine and not run.finished), key=lambda run: run.number)


def leaves_to(runs: Iterable[Run], mine: int, jobs_of: Callable[[Run], Iterable[Job]]) -> Run | None:
    """The newest run after number `mine` that is ready, if any."""
    newer = (run for run in runs if run.number > mine and not run.finished)
    return next((run for run in sorted(newer, key=lambda run: -run.number) if is_ready(jobs_of(run))), None)


def is_ready(jobs: Iterable[Job]) -> bool:
    """Whether all before `publish` has passed, and that job is there and waits for nothing but its turn."""
    by_name: dict[str, list[Job]] = {}
    for job in jobs:
        by_name.setdefault(job.name.partition(" (")[0], []).append(job)
    passed = all(
        name in by_name and all(job.conclusion == "success" for job in by_name[name]) for name in BEFORE_PUBLISH
    )
    return passed and any(job.status in ("queued", "pending") for job in by_name.get("publish", ()))


def run_of(answer: Mapping[str, object]) -> Run:
    """A run as the API gives it."""
    number, identity, commit = answer["run_number"], answer["id"], answer["head_sha"]
    assert isinstance(number, int)
    assert isinstance(identity, int)
    return Run(number, identity, str(commit), answer["status"] == "completed")
