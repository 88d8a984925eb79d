"""Which trials there are, and which of them ./test takes."""

from collections.abc import Mapping, Sequence

from tests.release.faults.kinds import KINDS
from tests.release.faults.trials import Kill, Trial, Trouble
from tests.release.servers.gate import FAULTS

Counted = Mapping[str, Sequence[str]]
"""The kinds of the changes that a release makes, behind each gate, in their order."""

_EVERY_KIND = tuple((gate, kind) for gate, kinds in KINDS.items() for kind in kinds)


def everything(counted: Counted) -> list[Trial]:
    """Every change killed before and after, every kind failing in every way."""
    kills = [
        Kill(gate, number, when)
        for gate, changes in counted.items()
        for number in range(1, len(changes) + 1)
        for when in ("before", "after")
    ]
    return [*kills, *(Trouble(fault, (kind,)) for fault in FAULTS for kind in _EVERY_KIND)]


def selected(counted: Counted) -> list[Trial]:
    """Each kind killed before and after its first and after its last; every kind failing in every way, all in one release."""
    kills = []
    for gate, changes in counted.items():
        for kind in dict.fromkeys(changes):
            numbers = [number for number, other in enumerate(changes, 1) if other == kind]
            points = [(numbers[0], "before"), (numbers[0], "after"), (numbers[-1], "after")]
            kills += [Kill(gate, number, when) for number, when in dict.fromkeys(points)]
    return [*(Trouble(fault, _EVERY_KIND) for fault in FAULTS), *kills]
