from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.viberun.installed import BUILD, START, install, run
from viberun.errors import ViberunError
from viberun.server.self_check import docker, verify
from viberun.server.state import State


def test_a_sound_program_is_sound_without_docker(tmp_path: Path) -> None:
    found = verify(State(tmp_path / "state"), {"DOCKER_HOST": "unix:///nonexistent/docker.sock"})
    assert (found.reachable, found.version) == (False, None)
    assert found.problem is not None
    assert found.problem.startswith("Docker does not run, or is not installed; run ")


def test_what_answers_but_is_not_docker_is_a_problem(tmp_path: Path) -> None:
    assert docker({"DOCKER_HOST": "nonsense://x"}).problem is not None


def test_a_module_that_cannot_be_imported_is_named(tmp_path: Path) -> None:
    program = install(tmp_path / "program", START.format(program="server"))
    (program / "docker.py").write_text("raise ValueError('damaged')\n")
    environ = {"COLUMNS": "80", "VIBERUN_STATE": str(tmp_path / "state")}
    ended = run(program, "self-check", env=environ)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("viberun-server: viberun.server.")
    assert ended.stderr.endswith("can't be imported: ValueError: damaged; install viberun-server again\n")


def test_a_state_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ViberunError, match=r"can't be used: not a directory"):
        verify(State(tmp_path / "file"), {})


def test_the_client_gets_one_line_of_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from viberun.server.__main__ import main

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("viberun.embedded.text", BUILD.to_json)
        patched.setenv("VIBERUN_STATE", str(tmp_path / "state"))
        patched.setenv("DOCKER_HOST", f"unix://{tmp_path}/none")
        patched.setenv("VIBERUN_PROTOCOL", "99")  # any client may ask
        assert main(["self-check", "--json"]) == 0
    printed = capsys.readouterr().out
    assert printed.count("\n") == 1
    document = json.loads(printed)
    assert document["version"] == BUILD.version.semver
    assert set(document) == {"version", "protocol", "oldest_protocol", "commit", "docker"}
    assert set(document["docker"]) == {"reachable", "version", "problem"}
