import pytest

from release.workflow.again import main
from tests.unit.release.workflow.gh import Gh, gh  # noqa: F401

SHA = "a" * 40
ENVIRON = {"GITHUB_REPOSITORY": "o/n", "GITHUB_REF": "refs/heads/main", "COMMIT": "aaaa"}
COMMIT = {"api --method GET repos/o/n/commits/aaaa": {"sha": SHA}}
RUNS = f"api --method GET repos/o/n/actions/workflows/release.yml/runs -f branch=main -f event=push -f head_sha={SHA}"
RERUN = "api --method POST repos/o/n/actions/runs/7/rerun"


def run(status: str) -> dict[str, object]:
    return {"workflow_runs": [{"id": 7, "status": status, "html_url": "https://github.com/o/n/actions/runs/7"}]}


def test_the_push_run_of_the_commit_runs_again(gh: Gh, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    gh.answers({**COMMIT, RUNS: run("completed"), RERUN: ""})
    assert main(ENVIRON) == 0
    assert capsys.readouterr().out == "::notice::runs again: https://github.com/o/n/actions/runs/7\n"
    assert gh.asked[-1] == RERUN


def test_a_run_that_has_not_ended_is_left_alone(gh: Gh, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    gh.answers({**COMMIT, RUNS: run("queued")})
    assert main(ENVIRON) == 0
    assert "has not ended yet" in capsys.readouterr().out
    assert RERUN not in gh.asked


@pytest.mark.parametrize(
    ("answers", "line"),
    [
        ({}, "there is no commit aaaa"),
        ({**COMMIT, RUNS: {"workflow_runs": []}}, "aaaaaaaaaaaa has no push run any more that could run again"),
        ({**COMMIT, RUNS: run("completed"), RERUN: "HTTP 403: too old"}, "could run again: gh: HTTP 403: too old"),
        ({**COMMIT, RUNS: "HTTP 502"}, "GitHub does not say which runs there are"),
    ],
)
def test_what_cannot_be_is_one_line(
    gh: Gh,  # noqa: F811
    answers: dict[str, object],
    line: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    gh.answers(answers)
    assert main(ENVIRON) == 1
    (said,) = capsys.readouterr().out.splitlines()
    assert said.startswith("::error::")
    assert line in said


def test_only_what_main_has_is_released(gh: Gh, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    assert main({**ENVIRON, "GITHUB_REF": "refs/heads/work", "COMMIT": ""}) == 1
    assert capsys.readouterr().out.startswith("::error::start this on the branch main")
    assert gh.asked == []
