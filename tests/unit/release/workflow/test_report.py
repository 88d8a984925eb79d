import pytest

from release.workflow.report import TITLE, main
from tests.unit.release.workflow.gh import Gh, gh  # noqa: F401

ENVIRON = {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "o/n", "GITHUB_RUN_ID": "7"}
LIST = "issue list"
OPEN = [{"number": 3, "title": f"{TITLE}!"}, {"number": 4, "title": TITLE}]


def check(status: int) -> list[str]:
    return ["/bin/sh", "-c", f"echo npm is behind; exit {status}"]


def test_the_first_failure_opens_an_issue_with_what_was_said(gh: Gh, capfd: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    gh.answers({LIST: OPEN[:1], "issue create": ""})
    assert main(check(5), ENVIRON) == 5
    assert gh.asked[1:] == [f"issue create --title {TITLE} --body-file -"]
    assert gh.said[1] == "https://github.com/o/n/actions/runs/7\n\n```\nnpm is behind\n\n```\n"
    assert capfd.readouterr().out == "npm is behind\n"


def test_the_next_one_changes_that_issue_and_opens_none(gh: Gh) -> None:  # noqa: F811
    gh.answers({LIST: OPEN, "issue edit": ""})
    assert main(check(1), ENVIRON) == 1
    assert gh.asked[1:] == ["issue edit 4 --body-file -"]


def test_health_closes_it(gh: Gh) -> None:  # noqa: F811
    gh.answers({LIST: OPEN, "issue close": ""})
    assert main(check(0), ENVIRON) == 0
    assert gh.asked[1:] == ["issue close 4 --comment They are again: https://github.com/o/n/actions/runs/7"]


def test_without_an_issue_health_says_nothing(gh: Gh) -> None:  # noqa: F811
    gh.answers({LIST: []})
    assert main(check(0), ENVIRON) == 0
    assert len(gh.asked) == 1


def test_more_than_an_issue_takes_is_cut(gh: Gh) -> None:  # noqa: F811
    gh.answers({LIST: [], "issue create": ""})
    assert main(["/bin/sh", "-c", "printf '%0100000d' 0; exit 5"], ENVIRON) == 5
    assert len(gh.said[1]) < 65_536


def test_an_issue_that_cannot_be_written_is_red(gh: Gh, capfd: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    gh.answers({LIST: "HTTP 410: issues are disabled"})
    assert main(check(0), ENVIRON) == 1
    assert "::error::the issue could not be brought up to date" in capfd.readouterr().out
