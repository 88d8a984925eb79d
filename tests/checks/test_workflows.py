"""The workflows: their form by the schema of GitHub's workflows, what zizmor finds unsafe, and what each of them may."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from release.workflow.queue import BEFORE_PUBLISH
from tests.checks.conftest import Run
from tests.checks.tools import script_of_wheel

PROD_OR_DEV = "${{ github.ref_type == 'tag' && 'prod' || 'dev' }}"
NO_FORK = "!github.event.repository.fork"

# Every right that any job has, but reading the checkout.
RIGHTS = {
    ("debian", "renew"): {"contents: write", "pull-requests: write"},
    ("release", "again"): {"actions: write"},
    ("release", "turn"): {"actions: read"},
    ("release", "attest"): {"attestations: read"},
    ("release", "publish"): {
        "actions: read",
        "attestations: write",
        "contents: write",
        "id-token: write",
        "packages: write",
    },
    ("status", "status"): {"issues: write"},
    ("trust", "renew"): {"contents: write", "pull-requests: write"},
}


@pytest.fixture
def workflows(workspace: Path, sources: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Each workflow by its name."""
    read = YAML(typ="safe", pure=True)
    return {Path(path).stem: read.load(workspace / path) for path in sources["workflows"]}


@pytest.fixture
def jobs(workflows: dict[str, Any]) -> dict[tuple[str, str], Any]:
    return {(name, job): told for name, workflow in workflows.items() for job, told in workflow["jobs"].items()}


def as_set(value: object) -> set[str]:
    return {value} if isinstance(value, str) else set(value) if isinstance(value, list) else set()


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


def test_no_job_may_more_than_is_written_here(workflows: dict[str, Any], jobs: dict[tuple[str, str], Any]) -> None:
    assert all(workflow["permissions"] == {} for workflow in workflows.values())
    rights = {
        key: {f"{scope}: {right}" for scope, right in job.get("permissions", {}).items()} - {"contents: read"}
        for key, job in jobs.items()
    }
    assert {key: given for key, given in rights.items() if given} == RIGHTS


def test_one_job_alone_can_publish(jobs: dict[tuple[str, str], Any]) -> None:
    assert [key for key, job in jobs.items() if "id-token" in job.get("permissions", {})] == [("release", "publish")]
    assert [key for key, job in jobs.items() if "environment" in job] == [("release", "publish")]
    assert jobs["release", "publish"]["environment"] == PROD_OR_DEV


def test_what_is_published_was_built_twice_and_tried(jobs: dict[tuple[str, str], Any]) -> None:
    needs = {job: as_set(told.get("needs")) for (workflow, job), told in jobs.items() if workflow == "release"}
    assert needs == {
        "again": set(),
        "build": set(),
        "build-again": set(),
        "try": {"build"},
        "turn": {"build", "build-again", "try"},
        "publish": {"build", "build-again", "try", "turn"},
        "install": {"build", "publish"},
        "attest": {"build", "publish"},
    }
    assert needs["turn"] == set(BEFORE_PUBLISH)
    images = {job: jobs["release", job]["runs-on"] for job in ("build", "build-again")}
    assert len(set(images.values())) == 2
    for job in ("publish", "turn", "try"):
        assert "always()" not in str(jobs["release", job].get("if", ""))


def test_both_systems_are_tried_and_installed_on(jobs: dict[tuple[str, str], Any]) -> None:
    for job in ("try", "install"):
        systems = jobs["release", job]["strategy"]["matrix"]["os"]
        assert {system.partition("-")[0] for system in systems} == {"ubuntu", "macos"}


def test_only_main_and_tags_of_versions_are_released(workflows: dict[str, Any]) -> None:
    on = workflows["release"]["on"]
    assert set(on) == {"push", "workflow_dispatch"}
    assert on["push"] == {"branches": ["main"], "tags": ["v[0-9]+.[0-9]+.[0-9]+"]}
    by_hand = "github.event_name == 'push' || (inputs.commit == '' && github.ref == 'refs/heads/main')"
    for job in ("build", "build-again"):
        assert workflows["release"]["jobs"][job]["if"] == f"${{{{ {NO_FORK} && ({by_hand}) }}}}"


def test_forks_do_nothing(jobs: dict[tuple[str, str], Any]) -> None:
    first = {key: job for key, job in jobs.items() if "needs" not in job and key[0] != "ci"}
    assert len(first) > 4
    for key, job in first.items():
        assert NO_FORK in job.get("if", ""), key


def test_a_channel_is_locked_while_it_is_published_and_not_longer(workflows: dict[str, Any]) -> None:
    assert "concurrency" not in workflows["release"]
    locked = {name: job["concurrency"] for name, job in workflows["release"]["jobs"].items() if "concurrency" in job}
    assert locked == {"publish": {"group": f"release-{PROD_OR_DEV}", "cancel-in-progress": False, "queue": "max"}}


def test_jobs_that_publish_restore_nothing_that_was_built(jobs: dict[tuple[str, str], Any]) -> None:
    for (workflow, name), job in jobs.items():
        for step in job["steps"]:
            if workflow == "release" and "cache" in step.get("uses", ""):
                assert step["with"]["path"] == "~/.cache/viberun-downloads", name
                assert "cache/restore" in step["uses"], name


def test_every_job_ends(jobs: dict[tuple[str, str], Any]) -> None:
    for key, job in jobs.items():
        assert 0 < job["timeout-minutes"] <= 360, key


def test_the_shell_of_a_release_is_tried_elsewhere(jobs: dict[tuple[str, str], Any]) -> None:
    """A step runs one program of the tree, which has tests of its own."""
    ours = r"(\.github/prepare\.sh|release/workflow/\w+\.sh|python3 -m release\.workflow\.\w+|\./bazelw test)( .*)?"
    runs = [
        step["run"]
        for (workflow, _), job in jobs.items()
        if workflow in ("release", "status")
        for step in job["steps"]
        if "run" in step
    ]
    assert len(runs) > 8
    for run in runs:
        assert re.fullmatch(ours, run), run


def test_what_a_maintainer_sets_reaches_the_release(jobs: dict[tuple[str, str], Any]) -> None:
    publish, turn = jobs["release", "publish"], jobs["release", "turn"]
    (release,) = [step["env"] for step in publish["steps"] if "publish.sh" in step.get("run", "")]
    assert release["VIBERUN_NPM_WAIT"] == "${{ vars.VIBERUN_NPM_WAIT }}"
    assert release["KEEP"] == "${{ inputs.keep || vars.KEEP }}"
    asks = [step["env"] for job in (publish, turn) for step in job["steps"] if "workflow.turn" in step.get("run", "")]
    assert [env["LEAVE_TO_NEWER"] for env in asks] == 2 * ["${{ vars.LEAVE_TO_NEWER }}"]
