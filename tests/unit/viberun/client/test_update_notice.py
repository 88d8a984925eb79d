from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import pytest

from tests.unit.viberun.client.hosts import build_at, release
from tests.unit.viberun.client.vouched import ROOT, job, signature
from tests.unit.viberun.client.web import Answer, Page, serving
from tests.unit.viberun.installed import BUILD
from viberun import embedded
from viberun.client.download.fetch import Fetcher
from viberun.client.host.handshake import Server
from viberun.client.host.remote import Remote
from viberun.client.identity import Identity
from viberun.client.store import Store
from viberun.client.update_notice import AGAIN, EVERY, UpdateNotice
from viberun.manifest import Manifest

SAME = Server(BUILD.version, 1)
NEWER = build_at(60)


@pytest.fixture
def newer(tmp_path: Path) -> dict[str, Page]:
    release(tmp_path / "channel", NEWER)
    return {"/channel.json": (tmp_path / "channel/channel.json").read_bytes()}


def look(url: str, tmp_path: Path, now: float, timeout: float = 5.0) -> UpdateNotice:
    environ = {"VIBERUN_CHANNEL_URL": url, "VIBERUN_INSTALL_METHOD": "npm"}
    identity = Identity.of(BUILD, environ)
    made = UpdateNotice(identity, environ, Store(tmp_path / "state"), lambda: now, Fetcher(attempts=1, timeout=timeout))
    made.ask_channel()
    return made


def test_a_newer_build_of_the_channel_is_told_with_the_command_that_gets_it(
    tmp_path: Path, newer: dict[str, Page]
) -> None:
    with serving(newer) as web:
        assert look(web.url, tmp_path, 1000.0).line("box", SAME) == (
            f"this client ({BUILD.version}) is behind the channel ({NEWER.version});"
            " update it with 'npm install --prefer-online -g viberun@dev'"
        )


def test_a_channel_that_this_client_is_too_old_for_is_told_with_the_command_that_updates_it(
    tmp_path: Path, newer: dict[str, Page]
) -> None:
    manifest = newer["/channel.json"]
    assert isinstance(manifest, bytes)
    with serving({"/channel.json": manifest.replace(b'"min_reader": 1', b'"min_reader": 2')}) as web:
        for now in (1000.0, 1001.0):
            assert look(web.url, tmp_path, now).line("box", SAME) == (
                f"this client ({BUILD.version}) is too old to read the channel;"
                " update it with 'npm install --prefer-online -g viberun@dev'"
            )
        assert len(web.asked) == 1


@pytest.mark.parametrize("known", [True, False], ids=["signed", "by a log of later"])
def test_only_a_build_that_is_vouched_for_is_told(
    tmp_path: Path, newer: dict[str, Page], monkeypatch: pytest.MonkeyPatch, known: bool
) -> None:
    made = Manifest.parse(cast(bytes, newer["/channel.json"]))
    root = ROOT if known else json.dumps({**json.loads(ROOT), "tlogs": []})
    monkeypatch.setattr(embedded, "_read", lambda name: root)
    with serving({**newer, f"/{made.signature_name}": signature(made)}) as web:
        line = look(web.url, tmp_path, 1000.0).line("box", SAME)
    assert line is not None
    assert (f"behind the channel ({NEWER.version})" if known else "is too old to read the channel") in line


def test_a_build_that_nobody_who_is_trusted_vouches_for_is_not_told(
    tmp_path: Path, newer: dict[str, Page], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Manifest.parse(cast(bytes, newer["/channel.json"]))
    monkeypatch.setattr(embedded, "_read", lambda name: ROOT)
    with serving({**newer, f"/{made.signature_name}": signature(made, job(made, event_name="schedule"))}) as web:
        assert look(web.url, tmp_path, 1000.0).line("box", SAME) is None


def test_the_channel_is_asked_once_an_hour(tmp_path: Path, newer: dict[str, Page]) -> None:
    with serving(newer) as web:
        for now, asked in [(0.0, 1), (1.0, 1), (EVERY - 1.0, 1), (EVERY, 2), (EVERY + 1.0, 2), (-5.0, 3)]:
            line = look(web.url, tmp_path, 1e9 + now).line("box", SAME)
            assert line is not None
            assert web.asked.count("/channel.json") == asked


def test_a_channel_that_does_not_answer_is_waited_for_a_second_and_again_in_some_minutes(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        for later, least, most in ((0, 0.9, 1.5), (1, 0.0, 0.5), (AGAIN - 1, 0.0, 0.5), (AGAIN, 0.9, 1.5)):
            begun = time.monotonic()
            assert look(url, tmp_path, 1e9 + later, timeout=10).line("box", SAME) is None
            assert least < time.monotonic() - begun < most


class Slow:
    """A host whose server says that an app is behind, once it may."""

    host = "box"

    def __init__(self) -> None:
        self.may = threading.Event()

    def ask(self, arguments: Sequence[str]) -> dict[str, object]:
        self.may.wait(20)
        return {"apps": [{"app": "demo", "behind": True}]}


def test_what_was_asked_before_a_command_changed_it_does_not_count(tmp_path: Path) -> None:
    slow = Slow()
    for forgetful in (True, False):
        made = UpdateNotice(Identity.of(BUILD, {}), {}, Store(tmp_path), lambda: 1e9)
        made.ask_host(cast(Remote, slow))
        if forgetful:
            made.forget("box")
        slow.may.set()
        line = made.line("box", SAME)
        assert (line or "").startswith("there is a newer image for demo") is not forgetful
    assert Store(tmp_path).text("behind.json", "host box") == "demo"


def test_what_goes_wrong_is_not_mentioned(tmp_path: Path) -> None:
    with serving({"/channel.json": Answer(status=500)}) as web:
        assert look(web.url, tmp_path, 1000.0).line("box", SAME) is None
    (tmp_path / "state/behind.json").write_text("{")
    with serving({"/channel.json": b"nonsense"}) as web:
        assert look(web.url, tmp_path, 1000.0).line("box", SAME) is None
    assert look("ftp://x", tmp_path, 1000.0).line("box", SAME) is None


@pytest.mark.parametrize("build", [BUILD, build_at(-60)])
def test_a_channel_that_is_not_ahead_says_nothing(tmp_path: Path, build: object) -> None:
    release(tmp_path / "channel", build)  # type: ignore[arg-type]
    assert look(str(tmp_path / "channel"), tmp_path, 1000.0).line("box", SAME) is None
