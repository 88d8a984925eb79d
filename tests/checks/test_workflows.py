"""The workflows: their form by the schema of GitHub's workflows, and what zizmor finds unsafe in them."""

import re
from pathlib import Path

import pytest

from tests.checks.conftest import Run, script_of_wheel


@pytest.fixture(scope="session")
def workflows(tracked: list[str]) -> list[str]:
    found = [path for path in tracked if path.startswith(".github/workflows/")]
    assert found
    return found


def test_they_are_of_the_form_that_github_takes(run: Run, workflows: list[str], python: list[str]) -> None:
    run([*python, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", *workflows])


def test_zizmor_finds_nothing(run: Run, workflows: list[str]) -> None:
    run([str(script_of_wheel("zizmor")), "--offline", "--no-progress", "--persona=regular", *workflows])


def test_every_action_is_pinned_by_a_commit_whose_version_is_named(workspace: Path, workflows: list[str]) -> None:
    used = [line for path in workflows for line in (workspace / path).read_text().splitlines() if "uses:" in line]
    assert used
    for line in used:
        assert re.fullmatch(r"\s*-? ?uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v[0-9.]+", line), line
