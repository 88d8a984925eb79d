"""What is kept on a host and on a laptop, written by a build of another day: it is read, and nothing in it is lost."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.viberun.client.hosts import Host, server_script
from tests.unit.viberun.client.stage import Viberun
from tests.unit.viberun.installed import BUILD
from viberun.client import config
from viberun.client.store import Store
from viberun.server.apps.app import Record, Update
from viberun.server.errors import NewerRecordError

HERE = Path(__file__).parent
APPS = sorted(HERE.glob("*/app-*.json"))
MEANING = HERE / "tomorrow/app-meaning.json"
RECORD = Record("demo", 20000, "ghcr.io/owner/name/viberun:dev", "2026-01-25T12:30:45Z")


def name(path: Path) -> str:
    return f"{path.parent.name}-{path.stem}"


@pytest.mark.parametrize("path", [path for path in APPS if path != MEANING], ids=name)
def test_an_app_s_record_is_read_and_what_is_not_known_written_back(path: Path) -> None:
    record = Record.from_json(path.read_text())
    assert replace(record, more={}) == RECORD
    kept = {**json.loads(path.read_text()), "schema": 1, "min_reader": 1}
    assert json.loads(record.to_json()) == kept
    moved = replace(record, port=20001, update=Update("c" * 64, True))
    assert json.loads(moved.to_json()) == {**kept, "port": 20001, "replaces": "c" * 64, "ran": 1}


def test_what_is_written_now_is_kept_for_the_servers_to_come() -> None:
    written = [path.read_text() for path in APPS if path.parent.name == "past"]
    assert RECORD.to_json() in written, "add it to past/, and change none that is there"


def test_a_record_of_a_meaning_that_is_not_known_is_one_line() -> None:
    with pytest.raises(NewerRecordError) as error:
        Record.from_json(MEANING.read_text())
    assert str(error.value) == "its record takes a server of schema 3, and this one reads schema 1"


@given(st.dictionaries(st.text(min_size=1).map(lambda key: f"later-{key}"), st.none() | st.integers() | st.text()))
def test_whatever_is_added_to_a_record_comes_back(more: dict[str, object]) -> None:
    document = {**more, **json.loads(RECORD.to_json())}
    record = Record.from_json(json.dumps(document))
    assert replace(record, more={}) == RECORD
    assert json.loads(record.to_json()) == document


@pytest.mark.parametrize("path", sorted(HERE.glob("*/config.json")), ids=name)
def test_the_remembered_host_is_found_and_all_else_kept_when_another_is_remembered(tmp_path: Path, path: Path) -> None:
    shutil.copyfile(path, tmp_path / "config.json")
    store = Store(tmp_path)
    assert config.remembered(store) == "me@box"
    config.remember(store, "me@other")
    assert store.read("config.json") == {**json.loads(path.read_text()), "host": "me@other"}


@pytest.mark.parametrize("path", sorted(HERE.glob("*/behind.json")), ids=name)
def test_notes_of_another_day_hinder_no_command_and_those_of_others_stay(
    host: Host, viberun: Viberun, path: Path
) -> None:
    host.install(BUILD.version, server_script(BUILD.version))
    host.has("apps/demo", "running\n")
    folder = host.home / ".local/state/viberun"
    folder.mkdir(parents=True)
    shutil.copyfile(path, folder / "behind.json")
    assert viberun("setup", "me@box").returncode == 0
    done = viberun("apps")
    assert (done.returncode, "demo  running" in done.stdout) == (0, True), done.stderr
    before, after = json.loads(path.read_text()), json.loads((folder / "behind.json").read_text())
    assert {key: after.get(key) for key in before if not key.startswith("host")} == {
        key: value for key, value in before.items() if not key.startswith("host")
    }


@pytest.mark.parametrize("path", sorted(HERE.glob("*/seen*.json")), ids=name)
def test_builds_seen_another_day_hinder_no_command_and_stay_noted(host: Host, viberun: Viberun, path: Path) -> None:
    folder = host.home / ".local/state/viberun"
    folder.mkdir(parents=True)
    shutil.copyfile(path, folder / "seen.json")
    done = viberun("setup", "me@box")
    assert (done.returncode, done.stderr) == (0, "")
    after = json.loads((folder / "seen.json").read_text())
    assert json.loads(path.read_text()).items() <= after.items()
    assert len(after) > len(json.loads(path.read_text()))
