from __future__ import annotations

import os
from pathlib import Path

import pytest

from viberun.client import config
from viberun.client.store import Store, StoreError


def test_the_folders_are_those_of_xdg() -> None:
    assert Store.config({"HOME": "/home/me"}).folder == Path("/home/me/.config/viberun")
    assert Store.state({"HOME": "/home/me"}).folder == Path("/home/me/.local/state/viberun")
    assert Store.config({"HOME": "/home/me", "XDG_CONFIG_HOME": "/etc/mine"}).folder == Path("/etc/mine/viberun")
    assert Store.state({"HOME": "/home/me", "XDG_STATE_HOME": "relative"}).folder == Path(
        "/home/me/.local/state/viberun"
    )


@pytest.mark.parametrize("content", [None, b"", b"{", b"[]", b"\xff", b'{"host": 5}', b'{"host": "-oProxyCommand=x"}'])
def test_a_file_that_is_missing_or_damaged_is_an_empty_one(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "config.json").write_bytes(content)
    assert config.remembered(Store(tmp_path)) is None
    config.remember(Store(tmp_path), "me@box")
    assert config.remembered(Store(tmp_path)) == "me@box"


def test_other_keys_stay(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write("config.json", {"other": 1})
    config.remember(store, "me@box")
    assert store.read("config.json") == {"host": "me@box", "other": 1}
    assert os.listdir(tmp_path) == ["config.json"]


def test_keys_are_dropped_and_others_stay(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.drop("seen.json", "a")
    assert os.listdir(tmp_path) == []
    store.write("seen.json", {"a": 1, "b": 2, "c": 3})
    store.drop("seen.json", "a", "b", "none")
    assert store.read("seen.json") == {"c": 3}


def test_what_cannot_be_written_is_one_line_where_it_matters(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = Store(tmp_path / "file/viberun")
    with pytest.raises(StoreError, match="can't be written: Not a directory"):
        config.remember(store, "me@box")
    store.note("seen.json", "a", "b")
