"""Joins a person's terminal to a program in a container, as `docker exec -it` does.

What is typed goes in, what the program prints comes out, and the window's size is passed on. However it
ends, the terminal is what it was before.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import struct
import termios
import tty
from collections.abc import Iterator
from dataclasses import dataclass, field
from fcntl import ioctl
from types import FrameType
from typing import Protocol

from viberun.errors import UsageError

_CHUNK = 65536
# How much typed text may wait for the container before no more is read.
_PENDING = 1 << 20

# What a full-screen program switches on and, where it was killed, did not switch off: the other screen, the
# mouse, bracketed paste, reports of focus, a hidden cursor, colours.
_RESET = b"\x1b[?1049l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?2004l\x1b[?1004l\x1b[?25h\x1b[0m\r\n"


class Session(Protocol):
    """A program in a container that has a terminal of its own."""

    @property
    def stream(self) -> socket.socket: ...

    def resize(self, rows: int, columns: int) -> None: ...


@dataclass
class Terminal:
    """The two ends of this process's terminal."""

    keyboard: int = 0
    screen: int = 1
    _pending: bytearray = field(default_factory=bytearray)

    def require_terminal(self) -> None:
        if not (os.isatty(self.keyboard) and os.isatty(self.screen)):
            raise UsageError("attaching takes a terminal", remedy="call it by 'ssh -t', or use 'viberun vibe'")

    def size(self) -> tuple[int, int]:
        """Rows and columns; 24 and 80 where the terminal does not say."""
        rows, columns, _, _ = struct.unpack("4H", ioctl(self.screen, termios.TIOCGWINSZ, bytes(8)))
        return (rows or 24, columns or 80)

    def join(self, session: Session) -> int | None:
        """Returns None once the program has ended, or the signal that ended this: SIGHUP where the terminal
        is gone.
        """
        with _raw(self.keyboard), _signals() as wakeups:
            session.resize(*self.size())
            ended = self._carry(session, wakeups)
        return ended

    def reset(self) -> None:
        """Undoes what a program that was killed has left on the screen."""
        with contextlib.suppress(OSError):
            os.write(self.screen, _RESET)

    def _carry(self, session: Session, wakeups: int) -> int | None:
        stream = session.stream
        stream.setblocking(False)
        while True:
            reading: list[socket.socket | int] = [
                stream,
                wakeups,
                *([self.keyboard] if len(self._pending) < _PENDING else []),
            ]
            readable, writable, _ = select.select(reading, [stream] if self._pending else [], [])
            if wakeups in readable:
                for number in os.read(wakeups, _CHUNK):
                    if number != signal.SIGWINCH:
                        return number
                session.resize(*self.size())
            if self.keyboard in readable:
                typed = _read(self.keyboard)
                if not typed:
                    return signal.SIGHUP
                self._pending += typed
            if stream in writable and not self._send(stream):
                return None
            try:
                if stream in readable and not self._receive(stream):
                    return None
            except OSError:  # EIO: nobody is left to show it to
                return signal.SIGHUP

    def _send(self, stream: socket.socket) -> bool:
        """Whether the program is still there."""
        try:
            del self._pending[: stream.send(self._pending)]
        except BlockingIOError:
            pass
        except OSError:
            return False
        return True

    def _receive(self, stream: socket.socket) -> bool:
        """As `_send`. Raises OSError where the screen is gone."""
        try:
            printed = stream.recv(_CHUNK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        shown = memoryview(printed)
        while shown:
            shown = shown[os.write(self.screen, shown) :]
        return bool(printed)


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, _CHUNK)
    except OSError:  # EIO: the other end is gone
        return b""


@contextlib.contextmanager
def _raw(descriptor: int) -> Iterator[None]:
    before = termios.tcgetattr(descriptor)
    try:
        tty.setraw(descriptor)
        yield
    finally:
        with contextlib.suppress(termios.error, OSError):
            termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


@contextlib.contextmanager
def _signals() -> Iterator[int]:
    """A descriptor from which the numbers of the signals can be read that came."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)

    def noted(_: int, __: FrameType | None) -> None:
        """The wakeup descriptor has it."""

    before_descriptor = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    numbers = (signal.SIGWINCH, signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
    before = {number: signal.signal(number, noted) for number in numbers}
    try:
        yield reading
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(before_descriptor)
        os.close(reading)
        os.close(writing)
