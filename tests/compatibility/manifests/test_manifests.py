"""The model's reader against the manifests of every schema there was, and of tomorrow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.compatibility.manifests.manifest import MANIFEST, PAST, TOMORROW
from tests.unit.viberun.strategies import hexes, manifests
from viberun.channel import IMAGES
from viberun.errors import NewerManifestError
from viberun.manifest import KINDS, Manifest
from viberun.platforms import PLATFORMS

MEANING = "meaning"


def name(path: Path) -> str:
    return path.stem


@pytest.mark.parametrize("path", PAST, ids=name)
def test_every_manifest_there_was_is_read(path: Path) -> None:
    assert Manifest.parse(path.read_bytes()) == MANIFEST


def test_what_is_written_now_is_kept_for_the_readers_to_come() -> None:
    assert MANIFEST.to_json() in [path.read_text() for path in PAST], "add it to past/, and change none that is there"


@pytest.mark.parametrize("path", [path for path in TOMORROW if path.stem != MEANING], ids=name)
def test_what_is_not_known_is_left_out_and_the_rest_is_read(path: Path) -> None:
    assert Manifest.parse(path.read_bytes()) == MANIFEST


def test_a_meaning_that_is_not_known_is_one_line() -> None:
    (path,) = (path for path in TOMORROW if path.stem == MEANING)
    with pytest.raises(NewerManifestError) as error:
        Manifest.parse(path.read_bytes())
    assert str(error.value) == (
        "channel.json: takes a reader of schema 5, and this viberun reads schema 1; use a newer viberun"
    )


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=4,
)
fields = st.dictionaries(st.text(min_size=1).map(lambda key: f"later-{key}"), anything, max_size=3)


def none_of(known: tuple[str, ...]) -> st.SearchStrategy[str]:
    return st.text().filter(lambda text: text not in known)


strange_files = st.one_of(
    st.builds(lambda kind, more: {**more, "kind": kind}, none_of(KINDS), fields),
    st.builds(
        lambda kind, platform, more: {**more, "kind": kind, "platform": platform},
        st.sampled_from(["client", "server"]),
        none_of(PLATFORMS),
        fields,
    ),
)
strange_images = st.dictionaries(none_of(tuple(IMAGES)), fields | hexes(64) | st.none(), max_size=2)


@given(manifests(), st.data())
def test_whatever_is_added_to_a_manifest_it_reads_the_same(manifest: Manifest, data: st.DataObject) -> None:
    grown: dict[str, Any] = json.loads(manifest.to_json())
    for part in (grown, grown["spellings"], *grown["files"], *grown["images"].values()):
        part.update(data.draw(fields))
    for strange in data.draw(st.lists(strange_files, max_size=3)):
        grown["files"].insert(data.draw(st.integers(0, len(grown["files"]))), strange)
    grown["images"].update(data.draw(strange_images))
    grown["schema"] = data.draw(st.integers(1, 99))
    grown = {key: grown[key] for key in data.draw(st.permutations(list(grown)))}
    assert Manifest.parse(json.dumps(grown, indent=data.draw(st.none() | st.just(1)))) == manifest
