import pytest

from release.workflow import github
from release.workflow.github import GitHubError, api
from tests.unit.release.workflow.gh import Gh, gh  # noqa: F401


@pytest.mark.parametrize(
    ("method", "said", "times"),
    [
        ("GET", "HTTP 502", 3),
        ("GET", "error connecting to api.github.com", 3),
        ("GET", "HTTP 403: API rate limit exceeded", 3),
        ("GET", "HTTP 429", 3),
        ("GET", "HTTP 404", 1),
        ("GET", "HTTP 403", 1),
        ("POST", "HTTP 502", 1),
    ],
)
def test_what_only_reads_is_tried_again_unless_it_is_refused(gh: Gh, method: str, said: str, times: int) -> None:  # noqa: F811
    gh.answers({"api": said if said.startswith("HTTP ") else f"HTTP {said}"})
    with pytest.raises(GitHubError):
        api("repos/o/n", method)
    assert len(gh.asked) == times


def test_a_gh_that_is_too_slow_or_absent_is_one_line(gh: Gh, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    gh.program.write_text("#!/bin/sh\nexec /bin/sleep 60\n")
    monkeypatch.setattr(github, "_TIMEOUT", 0.2)
    with pytest.raises(GitHubError, match="timed out"):
        api("repos/o/n", "POST")
    gh.program.unlink()
    with pytest.raises(GitHubError, match="gh"):
        api("repos/o/n")
