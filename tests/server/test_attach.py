"""Attaching on a real terminal: what is typed, what is shown, the window's size, and every way in which it ends."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from tests.server.host import Host, binary

DETACH = b"\x02d"


@dataclass
class Screen:
    """A terminal with the server attached to an app, and all that was shown on it."""

    process: "subprocess.Popen[bytes]"
    descriptor: int
    terminal: int
    shown: bytearray = field(default_factory=bytearray)

    def type(self, keys: bytes) -> None:
        os.write(self.descriptor, keys)

    def resize(self, rows: int, columns: int) -> None:
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("4H", rows, columns, 0, 0))
        self.process.send_signal(
            signal.SIGWINCH
        )  # the terminal's own goes to its session's foreground, which a test is not

    def wait_for(self, condition: Callable[[], bool], seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            self.read(0.05)
            assert time.monotonic() < deadline, bytes(self.shown[-2000:])

    def read(self, seconds: float) -> None:
        while select.select([self.descriptor], [], [], seconds)[0]:
            self.shown += os.read(self.descriptor, 65536)
            seconds = 0

    def ends(self) -> int:
        self.wait_for(lambda: self.process.poll() is not None)
        self.read(0)
        return self.process.returncode


@contextmanager
def attached(host: Host, name: str = "demo", rows: int = 24, columns: int = 80) -> Iterator[Screen]:
    descriptor, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("4H", rows, columns, 0, 0))
    environment = {**host.environment, "TERM": "xterm-256color"}
    with subprocess.Popen(
        [binary(), "apps", "attach", name], stdin=terminal, stdout=terminal, stderr=terminal, env=environment
    ) as process:
        screen = Screen(process, descriptor, terminal)
        try:
            yield screen
        finally:
            process.kill()
            for each in {screen.descriptor, screen.terminal} - {-1}:
                os.close(each)


def clients(host: Host) -> str:
    listed = host.engine.call(
        "exec", "viberun-app-demo", "tmux", "list-clients", "-F", "#{client_width}x#{client_height}"
    )
    return listed.stdout


@pytest.fixture
def demo(host: Host) -> Host:
    host.call("apps", "create", "demo")
    return host


def test_a_person_types_sees_detaches_and_finds_everything_again(demo: Host) -> None:
    with attached(demo, rows=30, columns=100) as screen:
        before = termios.tcgetattr(screen.terminal)
        screen.wait_for(lambda: clients(demo) == "100x30\n")
        assert not termios.tcgetattr(screen.terminal)[3] & termios.ECHO
        screen.type(b"WHERE=here; echo $((6*7))$(id -un); tput colors\r")
        screen.wait_for(lambda: b"42viberun" in screen.shown)
        screen.resize(40, 120)
        screen.wait_for(lambda: clients(demo) == "120x40\n")
        screen.type(b"stty size\r")
        screen.wait_for(lambda: b"39 120" in screen.shown)
        screen.type(DETACH)
        assert screen.ends() == 0
        assert termios.tcgetattr(screen.terminal) == before
    assert demo.app("demo")["state"] == "running"
    with attached(demo) as screen:
        screen.wait_for(lambda: clients(demo) == "80x24\n")
        screen.type(b"echo $WHERE-again\r")
        screen.wait_for(lambda: b"here-again" in screen.shown)
        screen.type(b"exit\r")
        assert screen.ends() == 0


def test_no_key_is_held_back(demo: Host) -> None:
    with attached(demo) as screen:
        screen.wait_for(lambda: clients(demo) != "")
        screen.type(b"echo once-$((1+1))\r")
        screen.wait_for(lambda: b"once-2" in screen.shown)
        screen.shown.clear()
        screen.type(b"\x10")  # Ctrl-P: the command before
        screen.wait_for(lambda: b"once-$((1+1))" in screen.shown)


def test_much_text_goes_both_ways(demo: Host) -> None:
    with attached(demo) as screen:
        screen.wait_for(lambda: clients(demo) != "")
        screen.type(b"cat > ~/typed\r")
        screen.wait_for(lambda: b"typed" in screen.shown)
        time.sleep(0.3)
        for i in range(500):
            screen.type(f"{i:099}\r".encode())
            screen.read(0)
        screen.type(b"\x04")
        screen.wait_for(lambda: demo.inside("demo", "wc -c < ~/typed").strip() == "50000")
        screen.type(b"seq 1 200000; echo the-$((1+1))-end\r")
        screen.wait_for(lambda: b"the-2-end" in screen.shown)


def test_an_app_that_is_stopped_meanwhile_is_said_to_be(demo: Host) -> None:
    with attached(demo) as screen:
        before = termios.tcgetattr(screen.terminal)
        screen.wait_for(lambda: clients(demo) != "")
        demo.call("apps", "stop", "demo")
        assert screen.ends() == 1
        assert b"app 'demo' was stopped meanwhile; start it with 'viberun-server apps start demo'" in screen.shown
        assert b"\x1b[?1049l" in screen.shown
        assert termios.tcgetattr(screen.terminal) == before
    with attached(demo) as screen:
        assert screen.ends() == 1
        assert b"app 'demo' does not run; start it with" in screen.shown


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_it_restores_the_terminal_and_leaves_no_client(demo: Host, number: signal.Signals) -> None:
    with attached(demo) as screen:
        before = termios.tcgetattr(screen.terminal)
        screen.wait_for(lambda: clients(demo) != "")
        screen.process.send_signal(number)
        assert screen.ends() == 128 + number
        assert termios.tcgetattr(screen.terminal) == before
        screen.wait_for(lambda: clients(demo) == "")
    assert demo.app("demo")["state"] == "running"


def test_a_connection_that_is_cut_leaves_no_client(demo: Host) -> None:
    with attached(demo) as screen:
        screen.wait_for(lambda: clients(demo) != "")
        os.close(screen.terminal)
        os.close(screen.descriptor)
        screen.terminal = screen.descriptor = -1
        assert screen.process.wait(30) == 128 + signal.SIGHUP
    deadline = time.monotonic() + 20
    while clients(demo):
        assert time.monotonic() < deadline
    assert demo.app("demo")["state"] == "running"


def test_it_takes_a_terminal(demo: Host) -> None:
    assert re.search(r"takes a terminal; call it by 'ssh -t'", demo.refused(2, "apps", "attach", "demo"))


def test_an_app_that_does_not_exist_is_said_not_to(demo: Host) -> None:
    with attached(demo, "nope") as screen:
        assert screen.ends() == 4
        assert b"there is no app 'nope'" in screen.shown
