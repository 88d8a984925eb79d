"""The swap of channel.json as a pure game: several runs that each look and then act, in any order."""

from dataclasses import dataclass, field, replace

from hypothesis import given
from hypothesis import strategies as st

from release.content import Digest
from release.github.channel import CURRENT, NEW, OLD, Delete, Step, Swap, Upload, Wait, next_step
from release.github.model import Asset

SILENCE = 60.0
A, B, C = (letter * 64 for letter in "abc")


def asset(id: int, name: str, sha256: str, *, uploaded: bool = True, age: float = 0.0) -> Asset:  # noqa: A002
    return Asset(id, name, 1, uploaded, sha256 if uploaded else None, age)


def step(target: str, *assets: Asset) -> Step | None:
    return next_step(assets, Digest(1, target), SILENCE)


def test_a_channel_that_is_right_needs_nothing() -> None:
    assert step(A, asset(1, CURRENT, A), asset(2, OLD, B)) is None


def test_a_first_channel_is_uploaded_and_renamed_in() -> None:
    assert step(A) == Upload()
    assert step(A, asset(1, NEW, A)) == Swap(None, 1)


def test_the_old_one_makes_room_only_once_the_new_one_is_there() -> None:
    current, old = asset(1, CURRENT, B), asset(2, OLD, C)
    assert step(A, current, old) == Upload()
    assert step(A, current, old, asset(3, NEW, A)) == Delete(2)
    assert step(A, current, asset(3, NEW, A)) == Swap(1, 3)


def test_the_old_one_stays_where_there_is_no_current_one() -> None:
    assert step(A, asset(2, OLD, C), asset(3, NEW, A)) == Swap(None, 3)
    assert step(A, asset(2, OLD, C), asset(3, NEW, B)) == Delete(3)


def test_an_upload_of_another_run_gets_time_to_end() -> None:
    assert step(A, asset(3, NEW, A, uploaded=False, age=59)) == Wait()
    assert step(A, asset(3, NEW, A, uploaded=False, age=60)) == Delete(3)


def test_what_a_dead_run_left_is_taken_away() -> None:
    assert step(A, asset(1, CURRENT, A), asset(3, NEW, B)) == Delete(3)


@dataclass
class Release:
    """GitHub's rules for names, and what readers would have seen after each change."""

    holder: str
    assets: dict[int, Asset] = field(default_factory=dict)
    unreadable: bool = False
    _next: int = 0

    def named(self, name: str) -> Asset | None:
        return next((asset for asset in self.assets.values() if asset.name == name), None)

    def rename(self, id: int, name: str) -> bool:  # noqa: A002
        if id not in self.assets or self.named(name) not in (None, self.assets[id]):
            return False
        self.assets[id] = replace(self.assets[id], name=name)
        return True

    def upload(self, content: str) -> None:
        if self.named(NEW) is None:
            self._next += 1
            self.assets[self._next] = asset(self._next, NEW, content)

    def look(self) -> None:
        self.unreadable |= bool(self.assets) and not (self.named(CURRENT) or self.named(OLD))


class Run:
    """One run; each call of `act` sends at most one request, and `done` says that its last look found all right."""

    def __init__(self, release: Release) -> None:
        self._release = release
        self._todo: list[tuple[str, int | str, str]] = []
        self.done = False

    def act(self) -> None:
        if not self._todo:
            self._look()
            return
        kind, what, name = self._todo.pop(0)
        if kind == "upload":
            self._release.upload(str(what))
        elif kind == "delete":
            self._release.assets.pop(int(what), None)
        elif not self._release.rename(int(what), name):
            self._todo.clear()

    def _look(self) -> None:
        target = self._release.holder
        found = next_step(list(self._release.assets.values()), Digest(1, target), SILENCE)
        match found:
            case None:
                self.done = True
            case Upload():
                self._todo = [("upload", target, "")]
            case Delete(asset):
                self._todo = [("delete", asset, "")]
            case Swap(current, new):
                self._todo = [("rename", current, OLD)] if current is not None else []
                self._todo += [("rename", new, CURRENT)]
            case Wait():
                raise AssertionError("nothing is unfinished here")


@given(st.data())
def test_whatever_the_order_readers_always_find_a_channel_and_the_last_claim_stands(data: st.DataObject) -> None:
    release = Release(A)
    release.upload(C)
    release.rename(1, CURRENT)
    runs = [Run(release), Run(release), Run(release)]
    claim = data.draw(st.integers(0, 30), label="claimed after")
    dies = data.draw(st.integers(0, 40), label="one dies after")
    for moment in range(400):
        if moment == claim:
            release.holder = B
            runs[1].done = False
        if moment == dies:
            runs[0].done = True
        awake = [run for run in runs if not run.done]
        if not awake and release.holder == B:
            break
        if awake:
            data.draw(st.sampled_from(awake), label="acts").act()
        release.look()
        assert not release.unreadable
    assert all(run.done for run in runs)
    current = release.named(CURRENT)
    assert current is not None
    assert current.sha256 == B
