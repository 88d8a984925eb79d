"""What nobody used for 14 days goes; what runs stays, however long."""

import os
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.binary.conftest import Machine

CACHE = "/var/cache/viberun"
DAY = 86400


def age(machine: "Machine", pattern: str, days: float) -> list[str]:
    """Makes the parts that match `pattern` look last used that long ago, and the last pruning too."""
    moment = time.time() - days * DAY
    found = list(machine.path(CACHE).glob(pattern))
    assert found
    for part in found:
        os.utime(part / "used", (moment, moment))
    os.utime(machine.path(CACHE) / "pruned", (moment, moment))
    return [part.name for part in found]


def names(machine: "Machine") -> set[str]:
    return {path.name for path in machine.path(CACHE).iterdir()} - {"pruned"}


@pytest.mark.parametrize("machine", ["dash"], indirect=True)
def test_what_was_unused_for_fourteen_days_goes(machine: "Machine", viberun: Path, server: Path) -> None:
    client, daemon = machine.install(viberun, "/opt/viberun"), machine.install(server, "/opt/viberun-server")
    assert machine.run(client, "--version").returncode == 0
    (program,) = age(machine, "program-*", 13)
    assert machine.run(daemon, "--version").returncode == 0
    assert program in names(machine)
    age(machine, program, 15)
    assert machine.run(daemon, "--version").returncode == 0
    assert program not in names(machine)
    assert {name.partition("-")[0] for name in names(machine)} == {"program", "runtime"}
    assert machine.run(client, "--version").returncode == 0


@pytest.mark.parametrize("machine", ["dash"], indirect=True)
def test_what_runs_stays_however_long(machine: "Machine", viberun: Path, probe: Path) -> None:
    client, long = machine.install(viberun, "/opt/viberun"), machine.install(probe, "/opt/probe")
    code = "print('ready', flush=True); input(); import html.parser; print('still here')"
    process = machine.start(long, code, stdin=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    running = age(machine, "*-*", 100)
    assert machine.run(client, "--version").returncode == 0
    assert set(running) <= names(machine)
    assert process.communicate("\n", timeout=30)[0] == "still here\n"
    age(machine, "*-*", 100)
    assert machine.run(client, "--version").returncode == 0
    assert len(names(machine)) == 2, "the program that ended is pruned"


@pytest.mark.parametrize("machine", ["dash"], indirect=True)
def test_each_start_counts_as_use(machine: "Machine", viberun: Path) -> None:
    program = machine.install(viberun, "/opt/viberun")
    assert machine.run(program, "--version").returncode == 0
    age(machine, "*-*", 100)
    assert machine.run(program, "--version").returncode == 0
    for part in machine.path(CACHE).glob("*-*"):
        assert time.time() - (part / "used").stat().st_mtime < 600


@pytest.mark.parametrize("machine", ["dash"], indirect=True)
def test_it_is_looked_after_once_a_day(machine: "Machine", viberun: Path, server: Path) -> None:
    client, daemon = machine.install(viberun, "/opt/viberun"), machine.install(server, "/opt/viberun-server")
    assert machine.run(client, "--version").returncode == 0
    (program,) = age(machine, "program-*", 15)
    os.utime(machine.path(CACHE) / "pruned")
    assert machine.run(daemon, "--version").returncode == 0
    assert program in names(machine)
