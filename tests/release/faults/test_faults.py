"""A release that is killed, or whose requests fail, is finished by the same command; whoever reads meanwhile sees nothing.

A selection, since each trial is two releases: `bazel run //tests/release:faults -- --all` tries everything.
"""

from pathlib import Path

import pytest

from tests.release.faults import run, trials
from tests.release.faults.kinds import CHANGES
from tests.release.faults.selection import selected
from tests.release.faults.trials import Outcome
from tests.release.servers.gate import FAULTS
from viberun.errors import UsageError


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory, verdaccio_script: Path, path: str) -> Outcome:
    outcome = trials.run_trials(selected, tmp_path_factory.mktemp("trials"), verdaccio_script, path)
    print(outcome)
    return outcome


def test_a_killed_release_is_finished_by_the_same_command(outcome: Outcome) -> None:
    assert outcome.failures["Kill"] == []
    assert outcome.tried["Kill"] >= 2 * sum(len(names) for kinds in CHANGES.values() for names in kinds.values())


def test_a_release_gets_over_every_kind_of_failure_or_is_finished_by_the_same_command(outcome: Outcome) -> None:
    assert outcome.failures["Trouble"] == []
    assert outcome.tried["Trouble"] == 3 * len(FAULTS)


def test_every_kind_of_request_was_among_what_a_release_sends(outcome: Outcome) -> None:
    for channel, kinds in CHANGES.items():
        counted = outcome.counted[channel]
        assert {gate: set(names) for gate, names in counted.items()} == {g: set(names) for g, names in kinds.items()}


def test_readers_looked_at_every_state_of_each_promotion(outcome: Outcome) -> None:
    """One poll at least before and after each of: an image tag (2), npm's publication, a rename of an asset (2)."""
    assert min(outcome.watched) >= 10
    assert outcome.polls > 100


def test_without_docker_registry_the_command_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(UsageError, match="no docker-registry on PATH; install it"):
        run.main(["--all"])
