"""Defines the errors that end a program with one clear line.

Raised anywhere, caught in `__main__` alone (by way of `viberun.program`). Imports nothing, since
`viberun --version` comes through here.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


class ViberunError(Exception):
    """Something that the user can read and act on.

    `message` says what is wrong, `remedy` what to do next. Both are clauses without a capital and
    without a full stop, since `str()` joins them to the line that is shown. A subclass owns the
    exit status of the program.
    """

    exit_code = 1

    def __init__(self, message: str, *, remedy: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message}; {self.remedy}" if self.remedy else self.message


class UsageError(ViberunError):
    """The command line, or a variable of the environment, is not one that the program takes."""

    exit_code = 2


class VersionError(ViberunError):
    """A text, or a set of facts, that is no version of viberun."""


class InvalidError(ViberunError):
    """A document with problems, all of them reported at once.

    `subject` names the document; a single problem stays on the line, several follow it indented.
    """

    def __init__(self, subject: str, problems: Iterable[str], *, remedy: str | None = None) -> None:
        self.problems = tuple(problems)
        listed = self.problems[0] if len(self.problems) == 1 else f"{len(self.problems)} problems"
        super().__init__(f"{subject}: {listed}", remedy=remedy)

    def __str__(self) -> str:
        if len(self.problems) == 1:
            return super().__str__()
        return "\n  ".join([super().__str__(), *self.problems])


class ManifestError(InvalidError):
    """A channel.json that is not one."""


class NewerManifestError(ManifestError):
    """A channel.json of a meaning that this viberun is too old to know: it takes a reader of schema `needed`."""

    def __init__(self, subject: str, needed: int, known: int) -> None:
        problem = f"takes a reader of schema {needed}, and this viberun reads schema {known}"
        super().__init__(subject, [problem], remedy="use a newer viberun")
