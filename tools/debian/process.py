"""Running another program: the one place where this package does."""

import subprocess
from collections.abc import Sequence
from typing import Protocol


class Run(Protocol):
    """Runs a program and returns what came of it; a program that is not there returns 127."""

    def __call__(self, command: Sequence[str], /) -> subprocess.CompletedProcess[bytes]: ...


def run(command: Sequence[str]) -> subprocess.CompletedProcess[bytes]:
    """`Run` for real, without standard input."""
    try:
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=60)
    except FileNotFoundError:
        return subprocess.CompletedProcess(command, 127, b"", b"not found")
