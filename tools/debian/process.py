"""Runs other programs: the one place where this package does."""

import subprocess
from collections.abc import Sequence
from typing import Protocol

ABSENT = 127
_TIMEOUT_SECONDS = 60


class Run(Protocol):
    """Runs a program to its end; one that is not there gives the status ABSENT."""

    def __call__(self, command: Sequence[str], /) -> subprocess.CompletedProcess[bytes]: ...


def run(command: Sequence[str]) -> subprocess.CompletedProcess[bytes]:
    """`Run` for real: without standard input, given up after a minute."""
    try:
        return subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=_TIMEOUT_SECONDS
        )
    except FileNotFoundError:
        return subprocess.CompletedProcess(command, ABSENT, b"", b"")
    except subprocess.TimeoutExpired as error:
        return subprocess.CompletedProcess(command, 1, b"", f"no end after {error.timeout} s".encode())
