from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time

import pytest

from viberun.client.prompts import Prompts
from viberun.client.screen import Screen

# Another thread takes the signal: Python notes it, and no wait of the main thread is ended by it. So it is where it comes
# between the question and the wait.
ASKS = """
import signal, threading, time
from viberun.client.prompts import typed
threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
try:
    print(typed("Update? ").upper())
except KeyboardInterrupt:
    print("interrupted")
"""


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def asks() -> subprocess.Popen[str]:
    """Starts a program that has asked."""
    process = subprocess.Popen(
        [sys.executable, "-S", "-B", "-c", ASKS],
        env={"PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdout.read(len("Update? ")) == "Update? "
    return process


def test_an_interrupt_that_ends_no_wait_is_heard_all_the_same() -> None:
    with asks() as process:
        time.sleep(0.5)  # until it waits
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)  # its input stays open: the end of that would wake it
        finally:
            process.kill()
        assert process.stdout
        assert process.stdout.read() == "interrupted\n"


def test_what_is_typed_is_read() -> None:
    with asks() as process:
        assert process.communicate("y\n", timeout=20)[0] == "Y\n"


@pytest.mark.parametrize(
    ("default", "always", "expected"), [(True, None, True), (False, None, False), (True, False, False)]
)
def test_without_a_terminal_the_answer_is_printed(default: bool, always: bool | None, expected: bool) -> None:
    out = io.StringIO()
    prompts = Prompts(Screen(out, io.StringIO(), {}), io.StringIO(), always)
    assert prompts.yes("Update?", default=default) == expected
    assert out.getvalue().startswith(f"Update? {'Yes' if expected else 'No'} (")


@pytest.mark.parametrize(("typed", "expected"), [("", True), ("y", True), (" NO ", False), ("maybe|no", False)])
def test_on_a_terminal_the_answer_is_read(typed: str, expected: bool) -> None:
    answers = typed.split("|")
    prompts = Prompts(
        Screen(Terminal(), io.StringIO(), {"TERM": "xterm"}), Terminal(), read=lambda shown: answers.pop(0)
    )
    assert prompts.yes("Update?", default=True) == expected
