from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import socket
import struct
import termios
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from viberun.errors import UsageError
from viberun.server.apps.terminal import Terminal


@dataclass
class Program:
    """The container's side: one end of a pair of sockets, and the sizes that it was told."""

    stream: socket.socket
    sizes: list[tuple[int, int]] = field(default_factory=list)

    def resize(self, rows: int, columns: int) -> None:
        self.sizes.append((rows, columns))


@dataclass
class Desk:
    """A person's side of a terminal, and the two ends of the program's connection."""

    person: int
    terminal: Terminal
    program: Program
    far: socket.socket

    def later(self, action: object, seconds: float = 0.2) -> None:
        threading.Timer(seconds, action).start()  # type: ignore[arg-type]

    def shown(self, seconds: float = 0.2) -> bytes:
        text = b""
        while select.select([self.person], [], [], seconds)[0]:
            text += os.read(self.person, 65536)
        return text


@pytest.fixture
def desk() -> Iterator[Desk]:
    person, keyboard = pty.openpty()
    fcntl.ioctl(keyboard, termios.TIOCSWINSZ, struct.pack("4H", 30, 100, 0, 0))
    near, far = socket.socketpair()
    yield Desk(person, Terminal(keyboard, keyboard), Program(near), far)
    near.close()
    far.close()
    for descriptor in (person, keyboard):
        os.close(descriptor)


def test_text_goes_both_ways_byte_for_byte_and_the_terminal_is_as_before(desk: Desk) -> None:
    before = termios.tcgetattr(desk.terminal.keyboard)
    typed = bytes(range(256))

    def program() -> None:
        time.sleep(0.2)
        os.write(desk.person, typed)
        received = b""
        while len(received) < len(typed):
            received += desk.far.recv(1000)
        desk.far.sendall(b"got " + received)
        desk.far.close()

    threading.Thread(target=program).start()
    assert desk.terminal.join(desk.program) is None
    assert desk.shown() == b"got " + typed
    assert termios.tcgetattr(desk.terminal.keyboard) == before
    assert desk.program.sizes == [(30, 100)]


def test_a_new_size_is_passed_on(desk: Desk) -> None:
    def resize() -> None:
        fcntl.ioctl(desk.person, termios.TIOCSWINSZ, struct.pack("4H", 50, 120, 0, 0))
        os.kill(os.getpid(), signal.SIGWINCH)

    desk.later(resize)
    desk.later(desk.far.close, 0.5)
    assert desk.terminal.join(desk.program) is None
    assert desk.program.sizes == [(30, 100), (50, 120)]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_it_and_restores_all(desk: Desk, number: signal.Signals) -> None:
    before = termios.tcgetattr(desk.terminal.keyboard), signal.getsignal(number)
    desk.later(lambda: os.kill(os.getpid(), number))
    assert desk.terminal.join(desk.program) == number
    assert (termios.tcgetattr(desk.terminal.keyboard), signal.getsignal(number)) == before


def test_a_screen_that_is_gone_ends_it_as_a_hang_up(desk: Desk) -> None:
    person, screen = pty.openpty()

    def give_up() -> None:
        os.close(person)
        desk.far.sendall(b"to nobody")

    desk.later(give_up)
    assert Terminal(desk.terminal.keyboard, screen).join(desk.program) == signal.SIGHUP
    os.close(screen)


def test_a_program_that_reads_nothing_does_not_hold_its_own_output_up(desk: Desk) -> None:
    desk.program.stream.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)

    def program() -> None:
        time.sleep(0.2)
        for _ in range(50):
            os.write(desk.person, b"x" * 1000)
        desk.far.sendall(b"alive")
        time.sleep(0.3)
        desk.far.close()

    threading.Thread(target=program).start()
    assert desk.terminal.join(desk.program) is None
    assert desk.shown() == b"alive"


def test_what_is_no_terminal_is_refused(desk: Desk) -> None:
    reading, writing = os.pipe()
    with pytest.raises(UsageError, match="takes a terminal"):
        Terminal(reading, desk.terminal.screen).require_terminal()
    with pytest.raises(UsageError, match="takes a terminal"):
        Terminal(desk.terminal.keyboard, writing).require_terminal()
    desk.terminal.require_terminal()
    os.close(reading)
    os.close(writing)


def test_a_terminal_that_tells_no_size_is_taken_for_the_usual_one(desk: Desk) -> None:
    fcntl.ioctl(desk.terminal.screen, termios.TIOCSWINSZ, bytes(8))
    assert desk.terminal.size() == (24, 80)


def test_a_reset_leaves_the_other_screen_and_the_mouse(desk: Desk) -> None:
    desk.terminal.reset()
    shown = desk.shown()
    assert shown.startswith(b"\x1b[?1049l")
    assert b"\x1b[?1003l" in shown
