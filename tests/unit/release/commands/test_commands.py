from pathlib import Path

import pytest

from release.commands import release, version
from tests.release import fabricated
from viberun import program


@pytest.fixture
def caller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    fabricated.make(tmp_path / "runfiles")
    monkeypatch.setenv("RUNFILES_DIR", str(tmp_path / "runfiles"))
    monkeypatch.setenv("BUILD_WORKSPACE_DIRECTORY", str(tmp_path / "repo"))
    monkeypatch.setenv("BUILD_WORKING_DIRECTORY", str(tmp_path))
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    return tmp_path


def test_dev_and_prod_release_to_their_own_folders(caller: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fabricated.make(caller / "runfiles/prod", fabricated.PROD)
    assert program.run("release", release.main, [fabricated.BUNDLE, "root", "config"]) == 0
    monkeypatch.setenv("RUNFILES_DIR", str(caller / "runfiles/prod"))
    assert program.run("release", release.main, [fabricated.BUNDLE, "root", "config"]) == 0
    assert sorted(p.name for p in (caller / "repo/dist").glob("[!.]*")) == ["dev", "prod"]


def test_a_refusal_is_one_line_and_exit_status_3(caller: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (caller / "taken").write_text("mine")
    assert program.run("release", release.main, [fabricated.BUNDLE, "root", "config", "--out", "taken"]) == 3
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == (
        f"release: nothing was released: local: {caller}/taken is no folder; give --out a folder "
        "that is absent, empty or a channel that this command wrote\n"
    )


def test_a_failed_step_is_one_line_and_exit_status_4(caller: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (caller / "runfiles/viberun/npm").write_bytes(b"something else")
    assert program.run("release", release.main, [fabricated.BUNDLE, "root", "config"]) == 4
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("release: stage failed: local: npm/viberun-")
    assert told.err.count("\n") == 1


def test_a_wrong_argument_is_one_line_and_exit_status_2(caller: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert program.run("release", release.main, [fabricated.BUNDLE, "root", "config", "--to", "mars"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_the_version_is_alone_on_standard_output(caller: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert program.run("version", version.main, ["viberun/version.json"]) == 0
    told = capfd.readouterr()
    assert (told.out, told.err) == (f"{fabricated.DEV.version}\n", "")
