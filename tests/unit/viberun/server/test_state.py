from __future__ import annotations

import contextlib
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import viberun
from viberun.server.errors import LockedError, StateError
from viberun.server.state import State

ROOT = str(Path(viberun.__file__).resolve().parent.parent)

HOLD = """
import sys, time
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from viberun.server.state import State
with State(Path(sys.argv[2])).locked("apps update demo"):
    print("held", flush=True)
    time.sleep(60)
"""

WRITE = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from viberun.server.state import State
state = State(Path(sys.argv[2]))
for i in range(10**6):
    state.write("demo", str(i % 10) * 5000)
"""


@contextlib.contextmanager
def process(script: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", script, ROOT, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        try:
            yield running
        finally:
            running.kill()


def test_what_is_written_is_read(tmp_path: Path) -> None:
    state = State(tmp_path / "deep/er")
    assert (state.names(), state.read("demo")) == ([], None)
    state.write("demo", "text")
    state.write("a", "")
    assert (state.names(), state.read("demo")) == (["a", "demo"], "text")
    state.forget("demo")
    state.forget("demo")
    assert state.names() == ["a"]


def test_it_is_for_its_owner_alone(tmp_path: Path) -> None:
    state = State(tmp_path / "state")
    state.write("demo", "")
    with state.locked("testing"):
        pass
    for path in [tmp_path / "state", *(tmp_path / "state").rglob("*")]:
        assert not stat.S_IMODE(path.stat().st_mode) & 0o077, path


def test_checks_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    state, together = State(tmp_path), threading.Barrier(8)

    def check(_: int) -> None:
        together.wait(20)
        for _ in range(10):
            state.prove_writable()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(check, range(8)))
    assert [path.name for path in tmp_path.iterdir()] == ["apps"]


def test_the_environment_may_name_another_folder(tmp_path: Path) -> None:
    assert State.of({}).folder == Path("/var/lib/viberun")
    assert State.of({"VIBERUN_STATE": ""}).folder == Path("/var/lib/viberun")
    assert State.of({"VIBERUN_STATE": str(tmp_path)}).folder == tmp_path


def test_a_file_is_whole_at_any_moment(tmp_path: Path) -> None:
    state = State(tmp_path)
    state.write("demo", "")
    with process(WRITE, tmp_path):
        began, seen = time.monotonic(), set[str]()
        # Until the writer has been seen at work, which takes a while on a busy machine.
        while (passed := time.monotonic() - began) < 0.5 or (len(seen) <= 2 and passed < 30):
            text = state.read("demo")
            assert text is not None
            assert len(text) in (0, 5000)
            assert len(set(text)) <= 1
            seen.add(text[:1])
    assert len(seen) > 2


def test_a_writer_that_is_killed_leaves_nothing_that_is_taken_for_an_app(tmp_path: Path) -> None:
    state = State(tmp_path)
    for _ in range(5):
        with process(WRITE, tmp_path) as writer:
            while state.read("demo") is None:
                time.sleep(0.01)
            os.kill(writer.pid, signal.SIGKILL)
    (tmp_path / "apps/.new-left").write_text("half")
    assert state.names() == ["demo"]
    with state.locked("cleaning"):
        pass
    assert [path.name for path in (tmp_path / "apps").iterdir()] == ["demo.json"]


def test_a_full_disk_is_one_line_and_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = State(tmp_path)
    state.write("demo", "old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StateError, match="no space left on device; free some disk space"):
        state.write("demo", "new")
    assert [path.name for path in (tmp_path / "apps").iterdir()] == ["demo.json"]
    assert state.read("demo") == "old"


def test_the_lock_is_held_by_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = State(tmp_path)
    with process(HOLD, tmp_path) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(LockedError, match=rf"\(apps update demo, process {holder.pid}\); wait for it"):  # noqa: SIM117
            with state.locked("apps rm demo", patience=0.2):
                pass
        holder.kill()
        holder.wait()
        with state.locked("apps rm demo", patience=5):
            pass
    assert capsys.readouterr().err == ""


def test_who_waits_says_for_whom(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with process(HOLD, tmp_path) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with contextlib.suppress(LockedError), State(tmp_path).locked("apps rm demo", patience=2.2):
            pass
        expected = f"viberun-server: note: waiting for another viberun (apps update demo, process {holder.pid})\n"
        assert capsys.readouterr().err == expected


def test_the_shell_takes_the_same_lock(tmp_path: Path) -> None:
    import fcntl

    state = State(tmp_path)
    state.prepare()
    with (tmp_path / "lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(LockedError, match=r"\(its setup\)"), state.locked("x", patience=0.1):
            pass
