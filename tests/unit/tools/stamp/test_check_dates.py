"""Which commits of a pull request are red for their date."""

import os
import subprocess
from pathlib import Path

import pytest

from tools.stamp.check_dates import main

NOW = 1_769_342_400
HOUR = 3600


@pytest.fixture
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose `main` has a commit of NOW; the working folder."""
    monkeypatch.chdir(tmp_path)
    for variable in ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"):
        monkeypatch.setenv(variable, "a@example.org")
    git("init", "--initial-branch=main")
    commit(NOW)
    git("switch", "-c", "work")
    return tmp_path


def git(*arguments: str, date: int = NOW) -> str:
    environment = {**os.environ, "GIT_COMMITTER_DATE": f"@{date} +0000"}
    return subprocess.run(
        ["git", *arguments], env=environment, check=True, capture_output=True, text=True
    ).stdout.strip()


def commit(date: int) -> str:
    git("commit", "--allow-empty", "-m", "change", date=date)
    return git("rev-parse", "HEAD")


@pytest.mark.usefixtures("at")
def test_commits_of_now_and_before_are_fine(capsys: pytest.CaptureFixture[str]) -> None:
    commit(NOW - 9 * HOUR)
    commit(NOW + HOUR)
    assert main(["main..HEAD"], NOW) == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.usefixtures("at")
@pytest.mark.parametrize(
    ("date", "said"),
    [
        (NOW + HOUR + 1, "2026-01-25 13:00 UTC"),
        (32_000_000_000, "2984-01-15 08:53 UTC"),
        (253_402_300_799, "in the year 9999 or later"),
        (253_402_300_800, "in the year 9999 or later"),
        (10**17, "in the year 9999 or later"),
    ],
)
def test_each_commit_of_the_future_is_named(capsys: pytest.CaptureFixture[str], date: int, said: str) -> None:
    first = commit(date)
    commit(NOW)
    second = commit(date)
    assert main(["main..HEAD"], NOW) == 1
    assert capsys.readouterr().err.splitlines() == [
        f"{second} is dated {said}, in the future",
        f"{first} is dated {said}, in the future",
        "set the clock and date them again: git rebase --force-rebase",
    ]


@pytest.mark.usefixtures("at")
def test_what_is_on_main_already_is_not_the_pull_requests_fault() -> None:
    git("switch", "main")
    commit(NOW + 9 * HOUR)
    git("switch", "-c", "later")
    commit(NOW)
    assert main(["main..HEAD"], NOW) == 0


@pytest.mark.usefixtures("at")
def test_the_merge_that_actions_tests_has_the_target_as_its_first_parent() -> None:
    commit(NOW + 9 * HOUR)
    git("switch", "--detach", "main")
    git("merge", "--no-ff", "-m", "merge", "work")
    assert main(["HEAD^1..HEAD"], NOW) == 1


@pytest.mark.usefixtures("at")
def test_the_remedy_dates_the_commits_again() -> None:
    commit(NOW + 9 * HOUR)
    commit(NOW + 9 * HOUR)
    git("rebase", "--force-rebase", "main")
    assert main(["main..HEAD"], NOW) == 0


@pytest.mark.usefixtures("at")
def test_a_range_that_is_not_there_is_no_pass() -> None:
    assert main(["nothing..HEAD"], NOW) != 0
