"""Every point at which a release can be killed, every kind of request failing in every way: half an hour or so."""

from pathlib import Path

from tests.release.faults.selection import everything
from tests.release.faults.trials import run_trials


def test_whatever_is_killed_or_fails_is_finished_by_the_same_command(
    tmp_path: Path, verdaccio_script: Path, path: str
) -> None:
    outcome = run_trials(everything, tmp_path, verdaccio_script, path, lambda line: print(line, flush=True))
    print(outcome)
    assert outcome.failures == {"Kill": [], "Trouble": []}
    assert outcome.tried.total() == outcome.chosen > 0
