"""A command on a terminal, and a person before it."""

import fcntl
import os
import struct
import subprocess
import termios
from collections.abc import Sequence

import pexpect
from pexpect import fdpexpect

_ROWS, _COLUMNS = 30, 100


class Terminal:
    """Starts a command on a new terminal, which is its controlling one.

    Not pexpect's own `spawn`, which forks: in a process with threads the child may find a lock that nobody opens.
    """

    def __init__(self, argv: Sequence[str], seconds: float = 120) -> None:
        ours, theirs = os.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, _COLUMNS, 0, 0))
        try:
            self._process = subprocess.Popen(
                ["setsid", "--ctty", "--wait", *argv], stdin=theirs, stdout=theirs, stderr=theirs
            )
        finally:
            os.close(theirs)
        self._talk = fdpexpect.fdspawn(ours, encoding="utf-8", timeout=seconds)
        self.said = ""

    def expect(self, text: str) -> None:
        """Waits until `text` is written; fails with what was written instead."""
        try:
            self._talk.expect_exact(text)
        except (pexpect.EOF, pexpect.TIMEOUT) as error:
            raise AssertionError(f"not on the terminal: {text!r}, but {self._talk.before!r}") from error
        self.said += (self._talk.before or "") + text

    def meet(self, *patterns: str) -> int | None:
        """Waits until one of these regular expressions is written; returns its number, None where all ends before."""
        try:
            found = self._talk.expect([pexpect.EOF, *patterns])
        except pexpect.TIMEOUT as error:
            raise AssertionError(f"nothing more on the terminal after {self.said}{self._talk.before}") from error
        self.said += f"{self._talk.before or ''}{self._talk.after if found else ''}"
        return found - 1 if found else None

    def type(self, text: str) -> None:
        self._talk.send(text)

    def enter(self, line: str = "") -> None:
        self.type(f"{line}\r")

    def interrupt(self) -> None:
        self.type("\x03")

    def end(self) -> int:
        """Waits for the end and returns the exit status, negative for a signal; all that was written is in `said`."""
        self._talk.expect(pexpect.EOF)
        self.said += self._talk.before or ""
        self._talk.close()
        return self._process.wait(60)

    @property
    def lines(self) -> list[str]:
        """What stands on the screen in the end, line by line: what was written over is gone."""
        return [line.rpartition("\r")[2].replace("\x1b[K", "") for line in self.said.split("\r\n")]
