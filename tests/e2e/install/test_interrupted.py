"""Killed or stopped anywhere, it leaves the command that was there, or the new one, and the next run tidies up."""

import os
import signal
from pathlib import Path

import pytest

from tests.e2e.install.conftest import NEW, OLD, Channel, Person, oci
from tests.e2e.install.server import Server, Stall

CLIENT = f"{oci(NEW)}-linux-amd64.tar.gz"

# What changes files. Each call counts, and at the call that is told the shell dies: before it, or after.
STEPS = """
steps={steps} doomed={doomed}
step() {{
    echo "$1" >>"$steps"
    if [ "$(wc -l <"$steps")" -eq "$doomed" ]; then kill -9 $$; fi
}}
"""
COMMANDS = ("mkdir", "tar", "chmod", "cp", "mv", "rm", "rmdir")


def dying(steps: Path, doomed: int) -> str:
    wrapped = (f'{name}() {{ step {name}; command {name} "$@"; }}\n' for name in COMMANDS)
    return STEPS.format(steps=steps, doomed=doomed) + "".join(wrapped)


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("to_all", [True, False], ids=["everybody", "shell"])
def test_a_signal_ends_it_at_once_and_nothing_is_left(
    person: Person, channel: Channel, server: Server, sent: signal.Signals, to_all: bool
) -> None:
    channel.release(NEW)
    stall = Stall()
    server.answers[CLIENT] = [stall]
    process = person.start(VIBERUN_CHANNEL_URL=server.url)
    assert stall.begun.wait(20)
    (os.killpg if to_all else os.kill)(process.pid, sent)
    _, error = process.communicate(timeout=10)
    stall.end.set()
    assert error.endswith("viberun install: interrupted; nothing was changed\n")
    assert process.returncode == 128 + sent
    assert person.files() == []
    assert list(person.dir.iterdir()) == []


def test_what_a_killed_run_left_is_removed_by_the_next(person: Person, channel: Channel, server: Server) -> None:
    channel.release(NEW)
    stall = Stall()
    server.answers[CLIENT] = [stall, None]
    process = person.start(VIBERUN_CHANNEL_URL=server.url)
    assert stall.begun.wait(20)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=10)
    stall.end.set()
    assert not person.command.exists()
    assert [path.name[:5] for path in person.dir.iterdir()] == [".new."]
    person.install(VIBERUN_CHANNEL_URL=server.url)
    assert person.version() == NEW
    assert person.files() == ["bin/viberun", f"lib/{oci(NEW)}/viberun"]


def test_killed_at_every_step_the_command_stays_whole(person: Person, channel: Channel, tmp_path: Path) -> None:
    url = str(channel.folder)
    channel.release(OLD)
    person.install(VIBERUN_CHANNEL_URL=url)
    channel.release(NEW)
    versions, doomed = [], 0
    while True:
        doomed += 1
        steps = tmp_path / f"steps-{doomed}"
        done = person.run(before=dying(steps, doomed), VIBERUN_CHANNEL_URL=url)
        versions.append(person.version())
        if done.status == 0:
            break
        assert done.status == -signal.SIGKILL, done.error
        assert versions[-1] in (OLD, NEW)
        if versions[-1] == NEW:  # the rest of the steps tidies up
            break
    assert versions[-1] == NEW
    assert doomed > 8
    person.install(VIBERUN_CHANNEL_URL=url)
    assert person.version() == NEW
    assert not [path for path in person.bin.iterdir() if path.name != "viberun"]
    assert not list(person.dir.glob(".new.*"))


def test_a_stream_that_is_cut_off_runs_nothing(person: Person, tmp_path: Path) -> None:
    text = person.script.read_text()
    for length in range(0, len(text) - 10, 997):
        cut = tmp_path / "cut.sh"
        cut.write_text(text[:length])
        Person(person.shell, person.home, cut).run(VIBERUN_CHANNEL_URL="/")
        assert list(person.home.iterdir()) == []


def test_two_at_once_install_one_whole_client(person: Person, channel: Channel, server: Server) -> None:
    channel.release(NEW)
    runs = [person.start(VIBERUN_CHANNEL_URL=server.url) for _ in range(4)]
    for run in runs:
        _, error = run.communicate(timeout=60)
        assert run.returncode == 0, error
    assert person.version() == NEW
    assert person.files() == ["bin/viberun", f"lib/{oci(NEW)}/viberun"]
