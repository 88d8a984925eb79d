"""The server against clients of other days, and what it answers against what it answered before."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from tests.compatibility.answers.servers import PAST, answers
from tests.unit.viberun.installed import BUILD
from viberun.server.__main__ import main
from viberun.server.apps.app import App
from viberun.server.images.images import Pulled, Pulling, Status
from viberun.server.images.update_check import CheckedApp, CheckedImage

# What a client hands to the server: that of the first days named its own protocol alone.
FIRST = {"VIBERUN_CHANNEL": "dev", "VIBERUN_SERVER_VERSION": "dev", "VIBERUN_PROTOCOL": "1"}
NOW = {**FIRST, "VIBERUN_OLDEST_PROTOCOL": "1"}
FURTHER = {**NOW, "VIBERUN_PROTOCOL": "4", "VIBERUN_LOCALE": "de", "VIBERUN_WORKER_IMAGE": "ghcr.io/o/n/worker:dev"}
TOO_FAR = {**FURTHER, "VIBERUN_PROTOCOL": "9", "VIBERUN_OLDEST_PROTOCOL": "8"}
CLIENTS = {"first": FIRST, "now": NOW, "further": FURTHER, "too far": TOO_FAR}

APP = App("demo", "running", "i", None, None, 20000, None, "then")
ANSWERED = {
    "apps list": {"apps": [asdict(APP)]},
    "apps create": asdict(APP),
    "apps update": {**asdict(APP), "previous": None},
    "apps rm": {"app": "demo", "removed": True, "kept": False},
    "images status": {"images": [asdict(Status("viberun", "r", None, None, None))]},
    "images pull": [asdict(Pulling("viberun", "pulling", 0, 0)), asdict(Pulled("viberun", "pulled", "r", None))],
    "update-check": {
        "image": asdict(CheckedImage("r", None, None, None, None)),
        "apps": [asdict(CheckedApp("demo", "r", None, None, None, None))],
    },
}


class Server:
    """The server on a host without Docker."""

    def __init__(self, folder: Path, patched: pytest.MonkeyPatch, printed: pytest.CaptureFixture[str]) -> None:
        self._patched, self._printed = patched, printed
        patched.setattr("viberun.embedded.text", BUILD.to_json)
        patched.setenv("VIBERUN_STATE", str(folder / "state"))
        patched.setenv("DOCKER_HOST", f"unix://{folder}/no-docker")

    def __call__(self, client: str, *arguments: str) -> tuple[int, str, str]:
        """Its exit status, what it prints, and what it says on standard error."""
        for name, value in CLIENTS[client].items():
            self._patched.setenv(name, value)
        status = main([*arguments, "--json"])
        printed = self._printed.readouterr()
        return status, printed.out, printed.err


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Server:
    return Server(tmp_path, monkeypatch, capsys)


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("command", ["version", "self-check"])
def test_any_client_is_told_what_this_is_in_the_words_that_it_knows(server: Server, client: str, command: str) -> None:
    status, out, error = server(client, command)
    assert (status, error) == (0, "")
    said = json.loads(out)
    assert shape(said) in [shape(answers(path)[command]) for path in PAST], "add it to past/, and change none there"
    assert all(shape(answers(path)[command]) <= shape(said) for path in PAST)


@pytest.mark.parametrize("client", [name for name in CLIENTS if name != "too far"])
def test_a_client_that_understands_this_protocol_is_served(server: Server, client: str) -> None:
    status, _, error = server(client, "apps", "list")
    assert status == 3, error  # as far as Docker, which is not there


def test_a_client_that_means_something_else_is_told_in_one_line(server: Server) -> None:
    line = "viberun-server: the client speaks protocol 9 and this server 1; run 'viberun update' on the client\n"
    assert server("too far", "apps", "list") == (1, "", line)


@pytest.mark.parametrize("command", ANSWERED)
def test_what_is_answered_now_is_kept_and_has_all_that_was_there_before(command: str) -> None:
    now = shape(ANSWERED[command])
    before = [shape(answers(path)[command]) for path in PAST]
    assert now in before, "add it to past/, and change none that is there"
    assert all(each <= now for each in before)


def shape(value: object, at: str = "") -> set[str]:
    """The paths of all fields."""
    if isinstance(value, dict):
        return {path for key, inner in value.items() for path in ({f"{at}.{key}"} | shape(inner, f"{at}.{key}"))}
    if isinstance(value, list):
        return {path for inner in value for path in shape(inner, at)}
    return set()
