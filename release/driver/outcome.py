"""What the driver and the destinations tell each other: problems, and what is lacking."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from release.driver.progress import Meter
from viberun.errors import InvalidError, ViberunError


@dataclass(frozen=True)
class Problems:
    """Why the release can't begin; none of them is a reason to stop looking for more.

    `later` has what keeps it from its claim and from all that follows alone: until then it stages.
    """

    found: tuple[str, ...]
    later: tuple[str, ...] = ()


@dataclass(frozen=True)
class Change:
    """Something that a step lacks at a destination: to `verb` the `subject`, of `size` bytes where that counts.

    `make` does it, and returns what there is to say about it. None: only the place itself can do it, so it is waited for.
    What was made and is lacking all the same is waited for too: for `within` seconds, else for as long as registries may lag,
    and is made again after a while.
    `scanned`: the place looks through it before it shows it. `at_once`: with those beside it. `last`: whatever comes after
    it needs another look. `state` is what tells it from another one of the same name.
    """

    verb: str
    subject: str
    size: int | None = None
    make: Callable[[Meter], str | None] | None = field(default=None, compare=False, repr=False)
    at_once: bool = False
    last: bool = False
    within: float | None = None
    scanned: bool = False
    state: Hashable = None

    def __str__(self) -> str:
        return f"{self.verb} {self.subject}".strip()


@dataclass(frozen=True)
class Plan:
    """Everything that would change at a destination, in order. Empty: the release stands."""

    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Done:
    """The step changed something, or looked and found it right: `what`, in a clause."""

    what: str


@dataclass(frozen=True)
class Skipped:
    """The step had nothing to do, for a reason if that is worth a line."""

    reason: str = ""


Outcome = Problems | Plan | Done | Skipped


class StaleError(ViberunError):
    """What the last look saw is so no more; nothing was made of it."""


class UnseenError(InvalidError):
    """What was done is not shown."""


class ScannedError(UnseenError):
    """The place still looks through it: that it is not shown yet is no failure."""
