"""Defines what can go wrong between Debian's archive and the lock."""

from viberun.errors import InvalidError, ViberunError


class DebianError(ViberunError):
    """The archive did not give what it should: not reached, badly signed, another hash."""


class NotFoundError(DebianError):
    """A mirror answers, and has no such file."""


class LockError(InvalidError):
    """The lock, the ledger or a request is not as it must be: stale, unreadable, undecided, not to be resolved."""

    exit_code = 2
