"""`//release:publish`: a folder goes where a build would go, if it is of this checkout and of what this job is for."""

import io
from dataclasses import replace
from pathlib import Path

import pytest

from release.bundle.folder import FolderError
from release.commands import release as command
from release.commands.process import Process
from release.commands.publish import mismatches, publish
from tests.release import fabricated
from tests.unit.release.driver.recorder import Recorder
from viberun.errors import UsageError
from viberun.version import Version

PUSH = {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "push"}


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """The folder that `//release:dev` makes; a checkout's version.json is beside the bundle."""
    fabricated.make(tmp_path / "runfiles")
    environ = {"RUNFILES_DIR": str(tmp_path / "runfiles")}
    process = Process(environ, "linux-amd64", lambda: 0.0, io.StringIO(), io.StringIO())
    command.release([fabricated.BUNDLE, "root", "config", "--out", str(tmp_path / "made")], process)
    return tmp_path / "made"


def types(made: Path, *arguments: str, **environ: str) -> str:
    environ = {"RUNFILES_DIR": str(made.parent / "runfiles"), "BUILD_WORKING_DIRECTORY": str(made.parent), **environ}
    out = io.StringIO()
    process = Process(environ, "linux-amd64", lambda: 0.0, out, io.StringIO())
    assert publish(["viberun/version.json", "root", "config", *arguments], process) == 0
    return out.getvalue()


def test_a_folder_goes_where_its_build_would_go(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    monkeypatch.setattr(command, "remote", lambda *_, **options: [Recorder("moon", calls)])
    assert "is in moon" in types(made, "--from", "made", "--to", "remote")
    assert "moon.promote" in calls


def test_a_copy_of_a_folder_is_the_folder(made: Path) -> None:
    assert "is in" in types(made, "--from", "made", "--out", "copy")
    for path in made.rglob("*"):
        if path.is_file():
            assert (made.parent / "copy" / path.relative_to(made)).read_bytes() == path.read_bytes()


def test_a_folder_that_was_tampered_with_goes_nowhere(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    monkeypatch.setattr(command, "remote", lambda *_, **options: [Recorder("moon", calls)])
    (made / "extra").touch()
    with pytest.raises(FolderError, match=r"is not the release .*: extra does not belong to it"):
        types(made, "--from", "made", "--to", "remote")
    assert calls == []


def test_a_folder_of_another_commit_goes_nowhere(made: Path) -> None:
    checkout = replace(fabricated.NEWER, repository="else/where", github="https://ghe.example", registry="else.example")
    (made.parent / "runfiles/viberun/version.json").write_text(checkout.to_json())
    with pytest.raises(FolderError, match="is not of this checkout: 5 problems; make it again") as caught:
        types(made, "--from", "made", "--to", "remote")
    assert [problem.partition(" is ")[0] for problem in caught.value.problems] == [
        "its commit",
        "its repository",
        "its GitHub",
        "its registry",
        "its version",
    ]


def test_a_folder_has_to_be_named(made: Path) -> None:
    with pytest.raises(UsageError, match="--from"):
        types(made, "--to", "remote")


@pytest.mark.parametrize(
    ("ref", "dev", "prod"),
    [("refs/heads/main", True, False), ("refs/tags/v1.2.3", False, True), ("refs/tags/v1.2.4", False, False)],
)
@pytest.mark.parametrize("event", ["push", "workflow_dispatch"])
def test_a_run_of_actions_releases_what_its_ref_is_for(event: str, ref: str, dev: bool, prod: bool) -> None:
    environ = {**PUSH, "GITHUB_EVENT_NAME": event, "GITHUB_REF": ref}
    assert (not [*mismatches(fabricated.DEV, fabricated.DEV, environ)]) is dev
    assert (not [*mismatches(fabricated.PROD, fabricated.DEV, environ)]) is prod
    assert not [*mismatches(fabricated.PROD, fabricated.DEV, {"GITHUB_REF": ref})]


def test_a_checkout_with_changes_is_no_build_of_its_commit() -> None:
    dirty = replace(fabricated.DEV, version=Version.dev(1769344245, fabricated.DEV.commit, dirty=True))
    assert [*mismatches(fabricated.DEV, dirty, {})] == [f"its version is {fabricated.DEV.version}, not {dirty.version}"]
