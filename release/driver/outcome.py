"""What a step of a release came to: the values that destinations answer the driver with."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Problems:
    """Why the release can't begin; none of them is a reason to stop looking for more."""

    found: tuple[str, ...]


@dataclass(frozen=True)
class Change:
    """One thing that a release would do: `verb` it to `subject`, `size` bytes where that counts."""

    verb: str
    subject: str
    size: int | None = None


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
    """The step had nothing to do. Without a reason it has no part at that destination at all."""

    reason: str = ""


Outcome = Problems | Plan | Done | Skipped
