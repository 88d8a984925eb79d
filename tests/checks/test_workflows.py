"""The workflows: their form by the schema of GitHub's workflows, and what zizmor finds unsafe in them."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.checks.conftest import Run
from tests.checks.tools import script_of_wheel


def test_they_are_of_the_form_that_github_takes(
    run: Run, sources: Mapping[str, Sequence[str]], python: list[str]
) -> None:
    check = [*python, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows"]
    run([*check, *sources["workflows"]])


def test_zizmor_finds_nothing(run: Run, sources: Mapping[str, Sequence[str]]) -> None:
    zizmor = [str(script_of_wheel("zizmor")), "--offline", "--no-progress", "--persona=regular"]
    run([*zizmor, *sources["workflows"]])


def test_every_action_is_pinned_by_a_commit_whose_version_is_named(
    workspace: Path, sources: Mapping[str, Sequence[str]]
) -> None:
    files = [workspace / path for path in sources["workflows"]]
    used = [line for file in files for line in file.read_text().splitlines() if "uses:" in line]
    assert used
    for line in used:
        assert re.fullmatch(r"\s*-? ?uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v[0-9.]+", line), line
