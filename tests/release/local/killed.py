"""Runs something in a child process that dies at a chosen change of the file system.

The changes are seen from outside, by Python's audit events and by standing in for `os.write` and
`os.fsync`, which have none; the code that is tried knows nothing of it.
"""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

_CHANGES = frozenset(
    {
        "os.chmod",
        "os.link",
        "os.mkdir",
        "os.remove",
        "os.rename",
        "os.rmdir",
        "os.symlink",
        "os.truncate",
    }
)
_FAILED = 70


class Fuse:
    """Kills this process at the `limit`-th change; `write` dies with half of the bytes written."""

    def __init__(self, limit: int) -> None:
        self._left = limit

    def light(self) -> None:
        sys.addaudithook(self._event)
        write = os.write

        def half_written(descriptor: int, data: Any) -> int:
            if self._left == 1:
                write(descriptor, data[: len(data) // 2])
            self._burn()
            return write(descriptor, data)

        os.write = half_written
        os.fsync = lambda fd: self._burn()

    def _event(self, name: str, arguments: tuple[Any, ...]) -> None:
        opened = name == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        if name in _CHANGES or opened:
            self._burn()

    def _burn(self) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def run(act: Callable[[], object], limit: int) -> bool:
    """Whether `act` came to its end in the child before its `limit`-th change of the file system.

    The child dies just before that change. Raises AssertionError where `act` itself fails.
    """
    child = os.fork()
    if child == 0:
        status = _FAILED
        try:
            Fuse(limit).light()
            act()
            status = 0
        finally:
            os._exit(status)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return False
    assert os.waitstatus_to_exitcode(status) == 0
    return True
