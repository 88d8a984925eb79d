"""What can go wrong between Debian's archive and the lock."""

from viberun.errors import ViberunError


class DebianError(ViberunError):
    """The archive did not give what it should: unreachable, badly signed, another hash."""

    exit_code = 1


class LockError(ViberunError):
    """The lock, or what it answers, is not as it must be: stale, unreadable, undecided."""

    exit_code = 2
