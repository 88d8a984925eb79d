"""Unpacking is done once, by whoever is first, as a whole or not at all."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.binary.conftest import Machine

CACHE = "/var/cache/viberun"


def parts(machine: "Machine") -> list[str]:
    return sorted(path.name for path in machine.path(CACHE).iterdir() if path.name != "pruned")


def assert_complete(machine: "Machine", program: str) -> None:
    """Both parts are there, nothing else, and they are what a first run alone makes."""
    assert [name.partition("-")[0] for name in parts(machine)] == ["program", "runtime"]
    result = machine.run(program, "--version")
    assert (result.returncode, result.stderr) == (0, "")
    content = {
        str(path.relative_to(machine.path(CACHE))): path.stat().st_size
        for path in machine.path(CACHE).rglob("*")
        if path.is_file()
    }
    shutil.rmtree(machine.path(CACHE))
    assert machine.run(program, "--version").returncode == 0
    for path, size in content.items():
        assert machine.path(f"{CACHE}/{path}").stat().st_size == size


def test_twenty_first_runs_at_once_all_succeed(machine: "Machine", viberun: Path) -> None:
    program = machine.install(viberun, "/opt/viberun")
    processes = [machine.start(program, "--version") for _ in range(20)]
    outputs = [process.communicate(timeout=120) for process in processes]
    assert {process.returncode for process in processes} == {0}
    assert {error for _, error in outputs} == {""}
    assert len({out for out, _ in outputs}) == 1
    assert_complete(machine, program)


def stopped_at(machine: "Machine", program: str, pattern: str) -> "subprocess.Popen[str]":
    """Starts a first run in a session of its own and returns it, stopped, with `pattern` in the cache.

    On a busy machine a run can be over before anybody looked: then there is another first run.
    """
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        process = machine.start(program, "--version", start_new_session=True)
        while process.poll() is None:
            if list(machine.path(CACHE).glob(pattern)):
                os.killpg(process.pid, signal.SIGSTOP)
                if list(machine.path(CACHE).glob(pattern)):
                    return process
                os.killpg(process.pid, signal.SIGCONT)
        process.communicate()
        shutil.rmtree(machine.path(CACHE))
    pytest.fail(f"no run was seen at {pattern}")


@pytest.mark.parametrize(
    "moment",
    [
        ".new.*",
        ".new.*/runtime-*",
        ".new.*/runtime-*/bin/python3.13",
        ".new.*/runtime-*/lib/python3.13/json",
        ".new.*/runtime-*/lib/*/libc.so.6",
    ],
)
def test_a_first_run_that_was_killed_anywhere_does_no_harm(machine: "Machine", viberun: Path, moment: str) -> None:
    program = machine.install(viberun, "/opt/viberun")
    process = stopped_at(machine, program, moment)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert any(name.startswith(".new.") for name in parts(machine)), "it was killed too late to tell anything"
    assert not any(name.startswith("runtime-") for name in parts(machine))
    result = machine.run(program, "--version")
    assert (result.returncode, result.stderr) == (0, "")
    assert_complete(machine, program)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_first_run_that_is_asked_to_stop_cleans_up(machine: "Machine", viberun: Path, number: signal.Signals) -> None:
    program = machine.install(viberun, "/opt/viberun")
    process = stopped_at(machine, program, ".new.*/runtime-*/lib")
    os.killpg(process.pid, number)
    os.killpg(process.pid, signal.SIGCONT)
    process.communicate(timeout=30)
    assert process.returncode in (-number, 128 + number)
    deadline = time.monotonic() + 30
    while list(machine.path(CACHE).glob(".new.*")):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_what_a_dead_run_left_is_cleaned_and_a_living_one_s_is_not(machine: "Machine", viberun: Path) -> None:
    program = machine.install(viberun, "/opt/viberun")
    machine.folder(CACHE, 0o700)
    dead = subprocess.Popen(["/bin/true"])
    dead.wait()
    with subprocess.Popen(["/bin/sleep", "60"]) as living:
        for pid in (dead.pid, living.pid):
            machine.folder(f"{CACHE}/.new.{pid}/runtime-x", 0o700)
        assert machine.run(program, "--version").returncode == 0
        assert [name for name in parts(machine) if name.startswith(".new")] == [f".new.{living.pid}"]
        living.kill()


@pytest.mark.parametrize("machine", ["dash"], indirect=True)
def test_a_part_that_lost_files_is_unpacked_again(machine: "Machine", viberun: Path) -> None:
    program = machine.install(viberun, "/opt/viberun")
    for lost in ("runtime-*/lib/*/ld-*", "program-*/__main__.pyc"):
        assert machine.run(program, "--version").returncode == 0
        next(machine.path(CACHE).glob(lost)).unlink()
        result = machine.run(program, "--version")
        assert (result.returncode, result.stderr) == (0, "")
    assert_complete(machine, program)


@pytest.mark.parametrize("machine", ["dash"], indirect=True)
def test_another_program_shares_the_runtime(machine: "Machine", viberun: Path, server: Path) -> None:
    client, daemon = machine.install(viberun, "/opt/viberun"), machine.install(server, "/opt/viberun-server")
    assert machine.run(client, "--version").returncode == 0
    (runtime,) = machine.path(CACHE).glob("runtime-*")
    before = (runtime.stat().st_ino, (runtime / "bin/python3.13").stat().st_ino)
    assert machine.run(daemon, "--version").returncode == 0
    assert [name.partition("-")[0] for name in parts(machine)] == ["program", "program", "runtime"]
    assert (runtime.stat().st_ino, (runtime / "bin/python3.13").stat().st_ino) == before


def small(machine: "Machine", folder: str, size: str) -> None:
    machine.folder(folder)
    machine.mounts.append(f'mount -t tmpfs -o size={size},mode=1777 none "$root{folder}"')


@pytest.mark.parametrize("size", ["4k", "2m", "20m"])
def test_a_full_disk_is_one_line_and_leaves_nothing(machine: "Machine", viberun: Path, size: str) -> None:
    program = machine.install(viberun, "/opt/viberun")
    for folder in ("/var/cache", "/tmp", "/var/tmp", "/dev/shm"):
        small(machine, folder, size)
    show = f'{program} --version; echo "status $?"; find /var/cache /tmp /var/tmp /dev/shm -mindepth 1'
    result = machine.run("/bin/sh", "-c", show)
    (line,) = result.stderr.splitlines()
    assert line.startswith("viberun: cannot be unpacked: /var/cache/viberun: ")
    assert "o space left on device" in line
    status, *left = result.stdout.splitlines()
    assert status == "status 126"
    assert [path for path in left if not path.startswith("/var/cache/viberun")] == []
    assert [path for path in left if "/.new." in path or "/runtime-" in path] == []


def test_a_full_cache_is_replaced_for_the_run(machine: "Machine", viberun: Path) -> None:
    program = machine.install(viberun, "/opt/viberun")
    small(machine, "/var/cache", "2m")
    result = machine.run(program, "--version")
    assert result.returncode == 0
    (line,) = result.stderr.splitlines()
    assert "/var/cache/viberun: " in line
    assert "o space left on device" in line


@pytest.mark.parametrize("harm", ["cut in the runtime", "cut in the program", "other bytes in the runtime", "longer"])
def test_a_damaged_file_says_so(machine: "Machine", viberun: Path, harm: str) -> None:
    program = machine.install(viberun, "/opt/viberun")
    whole = viberun.read_bytes()
    machine.path(program).write_bytes(
        {
            "cut in the runtime": whole[:-1000],
            "cut in the program": whole[:20000],
            "other bytes in the runtime": whole[:3_000_000] + bytes(64) + whole[3_000_064:],
            "longer": whole + b"\n",
        }[harm]
    )
    result = machine.run(program, "--version")
    assert (result.returncode, result.stdout) == (126, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith("viberun: /opt/viberun is damaged")
    assert line.endswith("install it again")
    if machine.path(CACHE).exists():
        assert [name.partition("-")[0] for name in parts(machine)] in ([], ["program"])


def test_from_standard_input_it_says_what_is_wrong(machine: "Machine", viberun: Path) -> None:
    program = machine.install(viberun, "/opt/viberun")
    result = machine.run("/bin/sh", "-c", f"sh <{program}")
    assert result.returncode == 126
    assert result.stderr.count("\n") == 1
    assert "not this program's file" in result.stderr


@pytest.mark.parametrize("machine", ["dash", "bash"], indirect=True)  # busybox has them built in
@pytest.mark.parametrize("tool", ["tar", "gzip"])
def test_a_tool_that_is_missing_is_named(machine: "Machine", viberun: Path, tool: str) -> None:
    program = machine.install(viberun, "/opt/viberun")
    tools = machine.folder("/tools")
    for path in Path("/usr/bin").iterdir():
        if path.name != tool:
            (tools / path.name).symlink_to(path)
    result = machine.run(program, "--version", environment={"PATH": "/tools"})
    assert (result.returncode, result.stdout) == (126, "")
    assert result.stderr == f"viberun: needs {tool}, which is not installed here\n"
