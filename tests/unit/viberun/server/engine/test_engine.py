from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from docker.errors import NotFound

from viberun.server.engine import engine
from viberun.server.engine.engine import ExecSession

CONTAINER = "c0ffee" * 10


@dataclass
class Client:
    """Knows one session; None: no more."""

    answer: Mapping[str, object] | None

    def exec_inspect(self, identity: str) -> Mapping[str, object]:
        if self.answer is None:
            raise NotFound(f"no such exec instance: {identity}")
        return self.answer


def session(client: Client) -> ExecSession:
    return ExecSession(client, "s", object())  # type: ignore[arg-type]


@pytest.fixture
def process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[subprocess.Popen[bytes]]:
    """One of this host, whose control groups are a file below `tmp_path`."""
    monkeypatch.setattr(engine, "_PROCESSES", tmp_path)
    with subprocess.Popen(["sleep", "60"]) as running:
        (tmp_path / str(running.pid)).mkdir()
        yield running
        running.kill()


@pytest.mark.parametrize(
    ("groups", "ended"),
    [
        (f"0::/system.slice/docker-{CONTAINER}.scope\n", True),
        (f"2:cpu:/docker/{CONTAINER}\n1:name=systemd:/docker/{CONTAINER}\n", True),
        ("0::/user.slice/user-1000.slice\n", False),
        (None, False),
    ],
)
def test_only_a_process_of_the_container_is_hung_up(
    tmp_path: Path, process: subprocess.Popen[bytes], groups: str | None, ended: bool
) -> None:
    if groups is not None:
        (tmp_path / str(process.pid) / "cgroup").write_text(groups)
    session(Client({"Running": True, "Pid": process.pid, "ContainerID": CONTAINER})).hang_up()
    if ended:
        assert process.wait(20) == -signal.SIGHUP
    else:
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.3)


def test_a_session_that_has_ended_or_is_not_known_any_more_is_left_alone(
    tmp_path: Path, process: subprocess.Popen[bytes]
) -> None:
    (tmp_path / str(process.pid) / "cgroup").write_text(f"0::/docker/{CONTAINER}\n")
    session(Client({"Running": False, "Pid": process.pid, "ContainerID": CONTAINER})).hang_up()
    session(Client(None)).hang_up()
    assert process.poll() is None


def test_a_session_of_a_container_that_was_removed_has_no_status() -> None:
    assert session(Client(None)).exit_code() is None
    assert session(Client({"Running": True, "ExitCode": None})).exit_code() is None
    assert session(Client({"Running": False, "ExitCode": 3})).exit_code() == 3
