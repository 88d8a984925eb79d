from pathlib import Path

import pytest

from release.workflow.turn import main
from tests.unit.release.workflow.gh import Gh, gh  # noqa: F401

MINE, NEWER = "a" * 40, "b" * 40
RUNS = "api --method GET repos/o/n/actions/workflows/release.yml/runs -f branch=main"
DEV = "api --method GET repos/o/n/git/ref/tags/dev"
COMPARE = "api --method GET repos/o/n/compare/"


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {
        "GITHUB_OUTPUT": str(tmp_path / "outputs"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
        "GITHUB_REF": "refs/heads/main",
        "GITHUB_REPOSITORY": "o/n",
        "GITHUB_RUN_NUMBER": "5",
        "GITHUB_SHA": MINE,
    }


def runs(*numbers: int, finished: tuple[int, ...] = ()) -> dict[str, object]:
    def run(number: int) -> dict[str, object]:
        status = "completed" if number in finished else "in_progress"
        return {"run_number": number, "id": 100 + number, "head_sha": NEWER, "status": status}

    return {"workflow_runs": [run(number) for number in numbers]}


def jobs(publish: str) -> dict[str, object]:
    passed = ("build", "build-again", "try (a)")
    done = [{"name": name, "status": "completed", "conclusion": "success"} for name in passed]
    return {"jobs": [*done, {"name": "publish", "status": publish, "conclusion": None}]}


def never(seconds: float) -> None:
    raise AssertionError(seconds)


def test_a_run_waits_until_those_before_it_have_ended(gh: Gh, environ: dict[str, str]) -> None:  # noqa: F811
    gh.answers({RUNS: runs(6, 5, 4, 3, 2, finished=(3,))})
    pauses = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        ended = {1: (3, 2), 2: (3, 2, 4)}
        gh.answers({RUNS: runs(6, 5, 4, 3, 2, finished=ended[len(pauses)])})

    assert main(["wait"], environ, sleep) == 0
    assert pauses == [120, 60]


@pytest.mark.parametrize("change", [{"GITHUB_REF": "refs/tags/v1.2.3"}, {"LEAVE_TO_NEWER": "true"}])
def test_a_tag_and_whoever_leaves_to_newer_ones_wait_for_nobody(
    gh: Gh,  # noqa: F811
    environ: dict[str, str],
    change: dict[str, str],
) -> None:
    gh.answers({RUNS: runs(4)})
    assert main(["wait"], {**environ, **change}, never) == 0
    assert gh.asked == []


def said(environ: dict[str, str]) -> str:
    outputs, summary = Path(environ["GITHUB_OUTPUT"]), Path(environ["GITHUB_STEP_SUMMARY"])
    assert outputs.exists() == summary.exists()
    if outputs.exists():
        assert outputs.read_text() == "left=true\n"
        return summary.read_text()
    return ""


@pytest.mark.parametrize(
    ("standing", "left"), [("ahead", True), ("identical", False), ("behind", False), ("diverged", False)]
)
def test_a_run_that_was_overtaken_has_nothing_to_release_and_says_so(
    gh: Gh,  # noqa: F811
    environ: dict[str, str],
    standing: str,
    left: bool,
    capsys: pytest.CaptureFixture[str],
) -> None:
    gh.answers({DEV: {"object": {"sha": NEWER}}, f"{COMPARE}{MINE}...{NEWER}": {"status": standing}})
    assert main(["leave"], environ, never) == 0
    assert ("overtaken: dev stands at bbbbbbbbbbbb" in said(environ)) == left
    assert ("::notice::overtaken" in capsys.readouterr().out) == left


def test_before_the_first_release_and_where_github_cannot_tell_it_goes_on(gh: Gh, environ: dict[str, str]) -> None:  # noqa: F811
    gh.answers({})
    assert main(["leave"], environ, never) == 0
    gh.answers({DEV: {"object": {"sha": NEWER}}, COMPARE: "HTTP 500"})
    assert main(["leave"], environ, never) == 0
    assert said(environ) == ""


@pytest.mark.parametrize(
    ("variable", "publish", "left"),
    [("true", "queued", True), ("true", "waiting", False), ("", "queued", False), ("false", "queued", False)],
)
def test_the_maintainers_variable_leaves_the_release_to_a_newer_run_that_is_ready(
    gh: Gh,  # noqa: F811
    environ: dict[str, str],
    variable: str,
    publish: str,
    left: bool,
) -> None:
    gh.answers({RUNS: runs(6, 5), "api --method GET repos/o/n/actions/runs/106/jobs": jobs(publish)})
    assert main(["leave"], {**environ, "LEAVE_TO_NEWER": variable}, never) == 0
    assert ("left to the run of bbbbbbbbbbbb" in said(environ)) == left


def test_prod_is_left_to_nobody(gh: Gh, environ: dict[str, str]) -> None:  # noqa: F811
    assert main(["leave"], {**environ, "GITHUB_REF": "refs/tags/v1.2.3", "LEAVE_TO_NEWER": "1"}, never) == 0
    assert gh.asked == []


def test_without_an_answer_the_order_is_not_known_and_the_run_is_red(
    gh: Gh,  # noqa: F811
    environ: dict[str, str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    gh.answers({RUNS: "HTTP 403: rate limit"})
    assert main(["wait"], environ, never) == 1
    assert "::error::GitHub does not say which runs there are: gh: HTTP 403: rate limit" in capsys.readouterr().out


def test_another_word_is_a_mistake(environ: dict[str, str]) -> None:
    assert main(["skip"], environ, never) == 2
