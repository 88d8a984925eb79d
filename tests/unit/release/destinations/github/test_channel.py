"""The swap of channel.json as a pure game: several runs that each look and then act, in every order there is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

import pytest

from release.destinations.github.channel import CURRENT, NEW, OLD, Delete, Step, Swap, Upload, Wait, next_step
from release.destinations.github.model import Asset
from release.transport.content import Digest

SILENCE = 60.0
A, B, C, D = (letter * 64 for letter in "abcd")


def asset(id: int, name: str, sha256: str, *, uploaded: bool = True, age: float = 0.0) -> Asset:  # noqa: A002
    return Asset(id, name, 1, uploaded, sha256 if uploaded else None, age)


def staged(id: int, minute: int, sha256: str) -> Asset:  # noqa: A002
    """The manifest of the build of that minute."""
    return asset(id, f"viberun-0.0.0-dev.202601251230{minute:02}-{sha256[:7]}.json", sha256)


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


def test_a_newer_build_of_another_run_is_helped_in_and_an_older_one_deleted() -> None:
    older, newer = staged(11, 1, B), staged(12, 2, C)
    assert step(A, older, newer, asset(1, CURRENT, B), asset(2, NEW, C)) == Swap(1, 2)
    assert step(A, older, newer, asset(1, CURRENT, C), asset(2, NEW, B)) == Delete(2)
    assert step(A, older, newer, asset(1, CURRENT, C), asset(2, NEW, C)) == Delete(2)
    assert step(A, older, newer, asset(1, OLD, B), asset(2, NEW, C)) == Swap(None, 2)
    assert step(A, newer, asset(1, CURRENT, B), asset(2, NEW, C)) == Swap(1, 2)


def test_an_upload_of_another_run_gets_time_to_end() -> None:
    assert step(A, asset(3, NEW, A, uploaded=False, age=59)) == Wait(SILENCE - 59)
    assert step(A, asset(3, NEW, A, uploaded=False, age=60)) == Delete(3)


def test_what_a_dead_run_left_is_taken_away() -> None:
    assert step(A, asset(1, CURRENT, A), asset(3, NEW, B)) == Delete(3)


@dataclass(frozen=True)
class Run:
    """A run between two requests: what it does next, the target that it goes by, and what it last saw of the assets.

    `begun`: it has decided on a change, and helps whoever has the channel; before that it leaves that to the other's run.
    """

    claims: str
    next: str = "claim"
    seen: frozenset[Asset] = frozenset()
    target: str = ""
    todo: tuple[tuple[int, str], ...] = ()  # (asset, new name), no name: delete
    begun: bool = False


@dataclass(frozen=True)
class Place:
    """GitHub's side: whose the channel is, and the assets but for MANIFESTS."""

    holder: str
    assets: frozenset[Asset]
    ids: int = 2

    def named(self, name: str) -> Asset | None:
        return next((asset for asset in self.assets if asset.name == name), None)

    @property
    def readable(self) -> bool:
        return self.named(CURRENT) is not None or self.named(OLD) is not None

    def uploaded(self, content: str) -> "Place":
        if self.named(NEW) is not None:
            return self
        return Place(self.holder, self.assets | {asset(self.ids + 1, NEW, content)}, self.ids + 1)

    def changed(self, what: int, name: str) -> "Place | None":
        """After a deletion or a renaming; None where GitHub refuses it."""
        it = next((asset for asset in self.assets if asset.id == what), None)
        if it is None or (name and self.named(name) not in (None, it)):
            return None
        return replace(self, assets=self.assets - {it} | ({replace(it, name=name)} if name else set()))


@cache
def act(place: Place, run: Run) -> tuple[Place, Run]:
    """The place and the run after the run's next request."""
    match run.next:
        case "claim":  # refused where a newer commit has the channel; that run is then at its end
            taken = ORDER.index(run.claims) >= ORDER.index(place.holder)
            holder = max(place.holder, run.claims, key=ORDER.index)
            return replace(place, holder=holder), replace(run, next="list" if taken else "done")
        case "list":
            return place, replace(run, next="plan", seen=place.assets)
        case "plan" if not run.begun and run.claims != place.holder:
            return place, replace(run, next="done", seen=frozenset())
        case "plan":
            return place, planned(replace(run, target=place.holder, seen=frozenset()), run.seen)
        case "end":
            return place, replace(run, next="done" if run.target == place.holder else "list")
        case "upload":
            return place.uploaded(run.target), replace(run, next="list")
    (what, name), *rest = run.todo
    after = place.changed(what, name)
    if after is None:
        return place, replace(run, todo=(), next="list")
    return after, replace(run, todo=tuple(rest), next="change" if rest else "list")


ORDER = (C, A, B, D)
"""The builds, the oldest first."""

MANIFESTS = frozenset(staged(100 + minute, minute, build) for minute, build in enumerate(ORDER))


def planned(run: Run, seen: frozenset[Asset]) -> Run:
    found = next_step(sorted(MANIFESTS | seen, key=lambda asset: asset.id), Digest(1, run.target), SILENCE)
    if found is None:
        return replace(run, next="end")
    run = replace(run, begun=True)
    if isinstance(found, Upload):
        return replace(run, next="upload")
    if isinstance(found, Delete):
        return replace(run, next="change", todo=((found.asset, ""),))
    assert isinstance(found, Swap), "nothing is unfinished here"
    leaving = ((found.current, OLD),) if found.current is not None else ()
    return replace(run, next="change", todo=(*leaving, (found.new, CURRENT)))


World = tuple[Place, tuple[Run, ...]]


def every(first: World) -> Iterator[World]:
    """Every world that can come of this one, request by request of whichever run."""
    known, todo = {first}, [first]
    while todo:
        place, runs = world = todo.pop()
        yield world
        for number, run in enumerate(runs):
            if run.next == "done":
                continue
            changed, moved = act(place, run)
            after = (changed, (*runs[:number], moved, *runs[number + 1 :]))
            if after not in known:
                known.add(after)
                todo.append(after)


TWO = [(A, A), (A, B), (A, A, B), (A, B, B)]
BARE, AFTER_ANOTHER, AFTER_A_KILL = (), ((2, OLD, C),), ((2, NEW, A),)


@pytest.mark.parametrize(
    ("left", "claims"),
    [*((left, claims) for left in (BARE, AFTER_ANOTHER, AFTER_A_KILL) for claims in TWO), (AFTER_ANOTHER, (A, B, D))],
)
def test_in_every_order_readers_find_a_channel_and_the_last_claim_stands(
    claims: Sequence[str], left: Sequence[tuple[int, str, str]]
) -> None:
    before = frozenset({asset(1, CURRENT, C), *(asset(*each) for each in left)})
    ends = 0
    for place, runs in every((Place(C, before), tuple(Run(build) for build in claims))):
        assert place.readable
        if all(run.next == "done" for run in runs):
            ends += 1
            current = place.named(CURRENT)
            assert current is not None
            assert current.sha256 == place.holder == max(claims, key=ORDER.index)
    assert ends
