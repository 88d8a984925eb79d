"""Which trials there are, and which of them ./test takes."""

from collections.abc import Iterator, Mapping, Sequence

from tests.release.faults.kinds import CHANGES, READS, Kinds
from tests.release.faults.trials import Kill, Trial, Trouble
from tests.release.servers.gate import FAULTS
from viberun.version import Channel

Counted = Mapping[Channel, Mapping[str, Sequence[str]]]
"""The kinds of the changes that a release of each channel makes, behind each gate, in their order."""


def _named(kinds: Kinds) -> tuple[tuple[str, str], ...]:
    return tuple((gate, kind) for gate, names in kinds.items() for kind in names)


def everything(counted: Counted) -> list[Trial]:
    """Every change killed before and after, every kind failing in every way."""
    kills = [
        Kill(channel, gate, number, when)
        for channel, gates in counted.items()
        for gate, changes in gates.items()
        for number in range(1, len(changes) + 1)
        for when in ("before", "after")
    ]
    kinds = {channel: [*_named(CHANGES[channel]), *_named(READS[channel])] for channel in counted}
    troubles = [Trouble(channel, fault, (kind,)) for channel in counted for fault in FAULTS for kind in kinds[channel]]
    return [*kills, *troubles]


def selected(counted: Counted) -> list[Trial]:
    """A few kills of each kind; every kind failing in every way, all in one release (those that only read in another).

    Of prod only the kinds fail that dev does not have.
    """
    kills = [
        Kill(channel, gate, number, when)
        for channel, gates in counted.items()
        for gate, changes in gates.items()
        for kind in dict.fromkeys(changes)
        for number, when in dict.fromkeys(_points(channel, [n for n, other in enumerate(changes, 1) if other == kind]))
    ]
    own = tuple(kind for of in (CHANGES, READS) for kind in _named(of["prod"]) if kind not in _named(of["dev"]))
    troubles = [
        *(Trouble("dev", fault, _named(of["dev"])) for fault in FAULTS for of in (CHANGES, READS)),
        *(Trouble("prod", fault, own) for fault in FAULTS),
    ]
    return [*troubles, *kills]


def _points(channel: Channel, numbers: Sequence[int]) -> Iterator[tuple[int, str]]:
    """Before and after the first and after the last of a kind; of prod, which has most of its code in common, less."""
    yield numbers[0], "before"
    if channel == "dev":
        yield numbers[0], "after"
    yield numbers[-1], "after"
