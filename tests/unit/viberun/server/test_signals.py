from __future__ import annotations

import os
import signal

import pytest

from viberun.server import signals


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_is_an_exception_and_a_second_one_does_not_disturb(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    done = []

    def work() -> None:
        with signals.raised():
            try:
                os.kill(os.getpid(), number)
            finally:
                os.kill(os.getpid(), number)
                done.append("put back")

    with pytest.raises(SystemExit) as raised:
        work()
    assert raised.value.code == 128 + number
    assert done == ["put back"]
    assert signal.getsignal(number) == before


def test_without_a_signal_nothing_changes() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)]
    with signals.raised():
        pass
    assert before == [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)]
