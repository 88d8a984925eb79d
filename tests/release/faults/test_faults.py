"""A release that is killed, or whose requests fail, is finished by the same command; whoever reads meanwhile sees nothing.

A selection, since each trial is two releases; `test_everything.py` tries everything.
"""

from collections import Counter
from pathlib import Path

import pytest

from tests.release.faults import trials
from tests.release.faults.kinds import CHANGES
from tests.release.faults.selection import Counted, selected
from tests.release.faults.trials import Kill, Outcome, Trial, Trouble
from tests.release.servers.gate import FAULTS

# Each on servers of its own; the target has as many shards.
PARTS = 2


@pytest.fixture(scope="module", params=range(PARTS))
def part(request: pytest.FixtureRequest) -> int:
    number: int = request.param
    return number


@pytest.fixture(scope="module")
def outcome(part: int, tmp_path_factory: pytest.TempPathFactory, verdaccio_script: Path, path: str) -> Outcome:
    def choose(counted: Counted) -> list[Trial]:
        return selected(counted)[part::PARTS]

    outcome = trials.run_trials(choose, tmp_path_factory.mktemp("trials"), verdaccio_script, path, width=1)
    print(outcome)
    return outcome


def tried(outcome: Outcome, part: int, sort: type[Kill] | type[Trouble]) -> bool:
    """Whether all trials of that sort that are this part's were made."""
    mine = [trial for trial in selected(outcome.counted)[part::PARTS] if isinstance(trial, sort)]
    return outcome.tried[sort.__name__] == len(mine) > 0


def test_a_killed_release_is_finished_by_the_same_command(outcome: Outcome, part: int) -> None:
    assert outcome.failures["Kill"] == []
    assert tried(outcome, part, Kill)


def test_a_release_gets_over_every_kind_of_failure_or_is_finished_by_the_same_command(
    outcome: Outcome, part: int
) -> None:
    assert outcome.failures["Trouble"] == []
    assert tried(outcome, part, Trouble)


def test_every_kind_of_request_was_among_what_a_release_sends(outcome: Outcome) -> None:
    sorts = Counter(type(trial) for trial in selected(outcome.counted))
    assert sorts[Kill] >= 2 * sum(len(names) for kinds in CHANGES.values() for names in kinds.values())
    assert sorts[Trouble] == 3 * len(FAULTS)
    for channel, kinds in CHANGES.items():
        counted = outcome.counted[channel]
        assert {gate: set(names) for gate, names in counted.items()} == {g: set(names) for g, names in kinds.items()}


def test_readers_looked_at_every_state_of_each_promotion(outcome: Outcome) -> None:
    """One poll at least before and after each of: an image tag (2), npm's publication, a rename of an asset (2)."""
    assert min(outcome.watched) >= 10
    assert outcome.polls > 100 / PARTS
