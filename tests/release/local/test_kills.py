"""A release to a folder is killed before each of its changes to the file system, one after the other."""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from release.bundle.model import Bundle
from tests.release import fabricated
from tests.release.local import killed
from tests.release.local.channels import Content, content, release
from viberun.build import Build
from viberun.version import Version

OLDEST = Build(
    Version.parse("0.0.0-dev.20260124000000+0001234"),
    "dev",
    "0001234" + 33 * "0",
    "2026-01-24T00:00:00Z",
    None,
)


@dataclass(frozen=True)
class Builds:
    oldest: Bundle
    old: Bundle
    new: Bundle
    contents: dict[str, Content]


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> Builds:
    root = tmp_path_factory.mktemp("builds")
    named = {"oldest": OLDEST, "old": fabricated.DEV, "new": fabricated.NEWER}
    bundles = {
        name: fabricated.make(root / name, build, platforms=["linux-amd64"], images=False)
        for name, build in named.items()
    }
    contents = {}
    for name, bundle in bundles.items():
        release(bundle, root / "clean" / name)
        contents[name] = content(root / "clean" / name)
    return Builds(**bundles, contents=contents)


@pytest.fixture(autouse=True)
def nothing_waits_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """SIGKILL loses nothing that was written, so the disk need not have it."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


def into_nothing(out: Path, builds: Builds) -> None:
    pass


def into_an_empty_folder(out: Path, builds: Builds) -> None:
    out.mkdir()


def over_the_first(out: Path, builds: Builds) -> None:
    release(builds.old, out)


def over_one_that_has_one_before_it(out: Path, builds: Builds) -> None:
    release(builds.oldest, out)
    release(builds.old, out)


def over_what_a_killed_run_left(out: Path, builds: Builds) -> None:
    over_one_that_has_one_before_it(out, builds)
    assert not killed.run(lambda: release(builds.new, out), 30)


@pytest.mark.parametrize(
    ("prepare", "before", "left"),
    [
        (into_nothing, None, 1),
        (into_an_empty_folder, None, 1),
        (over_the_first, "old", 2),
        (over_one_that_has_one_before_it, "old", 2),
        (over_what_a_killed_run_left, "old", 2),
    ],
)
def test_a_kill_at_any_change_leaves_the_old_channel_or_the_new_and_no_litter_for_long(
    tmp_path: Path,
    builds: Builds,
    prepare: Callable[[Path, Builds], None],
    before: str | None,
    left: int,
) -> None:
    start = tmp_path / "start"
    start.mkdir()
    prepare(start / "out", builds)
    old, new = builds.contents.get(before or "", {}), builds.contents["new"]
    seen = {"old": 0, "new": 0}
    point, ended = 0, False
    while not ended:
        point += 1
        parent = tmp_path / str(point)
        shutil.copytree(start, parent, symlinks=True)
        out = parent / "out"

        ended = killed.run(lambda out=out: release(builds.new, out), point)  # type: ignore[misc]

        found = content(out.resolve()) if out.exists() else {}
        assert found in (old, new), f"killed before change {point}"
        seen["new" if found == new else "old"] += 1
        release(builds.new, out)
        assert content(out.resolve()) == new, f"finished after a kill before change {point}"
        assert {p.name for p in parent.iterdir()} == {"out", ".out.editions"}
        assert len(list((parent / ".out.editions").iterdir())) == left
        shutil.rmtree(parent)
    print(f"{prepare.__name__}: {point - 1} points, {seen['new']} after the switch")
    assert point > 4 * len(new)
    assert seen["old"] > 4 * len(new)
    assert seen["new"] > 1


def test_killed_again_and_again_nothing_accumulates(tmp_path: Path, builds: Builds) -> None:
    out = tmp_path / "out"
    release(builds.oldest, out)
    release(builds.old, out)
    for point in range(1, 40):
        assert not killed.run(lambda: release(builds.new, out), point)
        assert content(out.resolve()) == builds.contents["old"]
        assert len(list((tmp_path / ".out.editions").iterdir())) <= 3
    release(builds.new, out)
    assert content(out.resolve()) == builds.contents["new"]
