from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.viberun.client.hosts import build_at
from tests.unit.viberun.client.vouched import CLIENT, MIRROR, NEWER, NUMBER, PROD, Pages, at, manifest, pages, signature
from viberun.build import Build
from viberun.client.download.floor import Floor
from viberun.client.download.resolver import Resolved, newest, resolve
from viberun.client.download.trust import UntrustedError
from viberun.client.store import Store
from viberun.version import Version

NEWEST = replace(build_at(60), repository_id=NUMBER)
KEY = f"https://github.com {NUMBER} dev"


def found(build: Build, base: str = MIRROR, *, signed: bool = True) -> Resolved:
    return newest(at(base=base), Pages(pages=pages(build, b"" if signed else None, base)))


@pytest.fixture
def state(tmp_path: Path) -> Store:
    return Store(tmp_path)


def floor(state: Store, build: Build, base: str = MIRROR, *, signed: bool = True) -> Floor:
    """The memory of a channel that stands at a build now."""
    return Floor(found(build, base, signed=signed), f"{base} dev", state)


def test_the_newest_build_that_was_seen_is_remembered_by_repository_and_channel(state: Store) -> None:
    for build in (NEWER, NEWEST, CLIENT, PROD):
        floor(state, build).rise()
    assert state.read("seen.json") == {
        KEY: {"version": NEWEST.version.semver, "sha256": found(NEWEST).sha256},
        f"https://github.com {NUMBER} prod": {"version": "1.2.3", "sha256": found(PROD).sha256},
    }
    assert floor(state, NEWER).above() == NEWEST.version
    assert floor(state, NEWEST).above() is None
    assert floor(state, PROD).above() is None


def test_mirrors_and_another_name_of_the_repository_share_the_memory(state: Store) -> None:
    floor(state, NEWER, "https://github.com/owner/name/releases/download/dev").rise()
    assert floor(state, CLIENT).above() == NEWER.version
    assert floor(state, replace(CLIENT, repository="new/name")).above() == NEWER.version


def test_the_own_build_counts_where_it_is_of_this_repository_and_channel(state: Store) -> None:
    older = floor(state, CLIENT)
    assert older.above(NEWER) == NEWER.version
    assert older.above(replace(NEWER, repository_id=None)) == NEWER.version
    for other in (PROD, replace(NEWER, repository_id="666"), replace(NEWER, repository_id=None, repository="a/b")):
        assert older.above(other) is None
    floor(state, NEWEST).rise()
    assert older.above(NEWER) == NEWEST.version


def test_what_clients_noted_by_address_counts(state: Store) -> None:
    state.write("seen.json", {f"{MIRROR} dev": NEWER.version.semver, "other": 7})
    assert floor(state, CLIENT).above() == NEWER.version
    floor(state, NEWEST).rise()
    assert state.read("seen.json").keys() == {f"{MIRROR} dev", "other", KEY}


def test_one_version_never_has_two_manifests(state: Store) -> None:
    floor(state, NEWER).rise()
    floor(state, NEWER).check()
    twin = replace(manifest(NEWER), images={})
    twin = replace(twin, build=replace(NEWER, registry="registry.example.org"))
    there = {
        f"{MIRROR}/channel.json": twin.to_json().encode(),
        f"{MIRROR}/{twin.signature_name}": signature(twin),
    }
    second = resolve(at(), "dev", Pages(pages=there))
    with pytest.raises(UntrustedError, match=r"there are two releases .*; install none of them") as caught:
        Floor(second, f"{MIRROR} dev", state).check()
    assert MIRROR in str(caught.value)
    floor(state, NEWEST).check()


def test_what_nobody_signed_is_remembered_by_its_place(state: Store) -> None:
    here = "/srv/dist"
    floor(state, NEWER, here, signed=False).rise()
    assert state.read("seen.json") == {f"{here} dev": NEWER.version.semver}
    assert floor(state, CLIENT, here, signed=False).above(NEWEST) == NEWER.version
    assert floor(state, CLIENT, "/srv/other", signed=False).above() is None
    assert floor(state, CLIENT).above() is None


@pytest.mark.parametrize("noted", [7, [], {}, {"version": 7}, {"version": "x"}, {"version": "1.2.3"}, "dev", None])
def test_a_note_that_says_nothing_is_none(state: Store, noted: object) -> None:
    state.write("seen.json", {KEY: noted, f"{MIRROR} dev": noted})
    floor(state, CLIENT).check()
    assert floor(state, CLIENT).above() is None
    (state.folder / "seen.json").write_text("{")
    floor(state, CLIENT).rise()
    assert json.loads((state.folder / "seen.json").read_text())[KEY]["version"] == str(
        Version.parse(str(CLIENT.version))
    )
