from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.viberun.client.hosts import build_at
from tests.unit.viberun.client.vouched import CLIENT, NEWER, NUMBER, ROOT, Pages, pages
from viberun import embedded
from viberun.build import Build
from viberun.client.identity import Identity
from viberun.client.setup.target import Target, find
from viberun.client.store import Store

HOME = "https://github.com/owner/name/releases/download/dev"
BETWEEN = replace(build_at(10), repository_id=NUMBER)
MAIN = json.dumps([{"commit": {"committer": {"date": "2026-02-25T12:00:00Z"}}}]).encode()
HEAD = f"https://api.github.com/repositories/{NUMBER}/commits?sha=main&per_page=1"


@pytest.fixture(autouse=True)
def root(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the packer puts into a client."""
    monkeypatch.setattr(embedded, "_read", lambda name: ROOT)


def target(folder: Path, channel: Mapping[str, bytes], client: Build = CLIENT, **environ: str) -> Target:
    asked = Pages(pages={**channel, HEAD: MAIN})
    return find(Identity.of(client, environ), environ, asked, Store(folder))


def test_a_channel_that_falls_back_is_told_but_not_to_who_names_the_version(tmp_path: Path) -> None:
    assert target(tmp_path, pages(NEWER, base=HOME)).fallen_from is None
    older = pages(BETWEEN, base=HOME)
    assert target(tmp_path, older).fallen_from == NEWER.version
    assert target(tmp_path, older, VIBERUN_SERVER_VERSION=BETWEEN.version.semver).fallen_from is None
    assert target(tmp_path, older, BETWEEN).fallen_from is None
    assert target(tmp_path, older).fallen_from == NEWER.version


def test_a_client_that_is_newer_than_the_channel_is_told(tmp_path: Path) -> None:
    assert target(tmp_path, pages(BETWEEN, base=HOME), NEWER).fallen_from == NEWER.version


def test_a_channel_that_may_be_held_back_is_told_but_not_to_who_names_the_version(tmp_path: Path) -> None:
    newer = pages(NEWER, base=HOME)
    assert "main has a commit of 2026-02-25" in (target(tmp_path, newer).held_back or "")
    assert target(tmp_path, newer, VIBERUN_SERVER_VERSION=NEWER.version.semver).held_back is None
    assert target(tmp_path, newer, NEWER).held_back is None
