"""Where a self-contained executable unpacks, and what it refuses to run from."""

import os
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.binary.conftest import Machine

HOSTILE = "#!/bin/sh\necho hostile >/tmp/hostile\nexit 99\n"
CACHE = "/home/user/.cache/viberun"
HOME = {"HOME": "/home/user"}


def run_refusing(machine: "Machine", program: str, **options: object) -> str:
    """Runs the client where its cache is refused; returns the one line that says why."""
    result = machine.run(program, "--version", **{"user": machine.USER, "environment": HOME} | options)  # type: ignore[arg-type]
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("0.0.0-dev.")
    lines = [line for line in result.stderr.splitlines() if ": exec: " not in line]
    (line,) = lines
    assert line.startswith("viberun: not using ")
    assert not machine.path("/tmp/hostile").exists()
    left = [path.name for path in machine.path("/tmp").iterdir() if path.name.startswith("viberun.")]
    assert left == [], "the temporary folder is still there"
    return line


def plant(machine: "Machine", program: str, cache: str, owner: int) -> None:
    """Puts programs that give themselves away where the executable keeps its own."""
    machine.folder("/elsewhere", 0o755)
    assert machine.run(program, "--version", environment={"XDG_CACHE_HOME": "/elsewhere"}, user=0).returncode == 0
    for part in machine.path("/var/cache/viberun").glob("*-*"):
        planted = machine.path(cache) / part.name
        shutil.copytree(part, planted)
        for loader in planted.glob("lib/*/ld-*"):
            loader.write_text(HOSTILE)
            loader.chmod(0o755)
        for folder, _, files in os.walk(planted):
            for name in [folder, *(os.path.join(folder, file) for file in files)]:
                os.chown(name, owner, owner)
    shutil.rmtree(machine.path("/var/cache/viberun"))


def own(machine: "Machine", path: str, mode: int = 0o700, owner: int | None = None) -> None:
    parent = machine.folder(str(Path(path).parent), 0o755, machine.USER)
    assert parent.exists()
    machine.folder(path, mode, machine.USER if owner is None else owner)


def test_a_link_is_refused(machine: "Machine", viberun: Path) -> None:
    program = machine.install(viberun, "/opt/viberun")
    own(machine, "/home/user/there")
    plant(machine, program, "/home/user/there", machine.USER)
    own(machine, "/home/user/.cache")
    machine.path(CACHE).symlink_to("/home/user/there")
    assert f"{CACHE}: it is a link" in run_refusing(machine, program)


@pytest.mark.parametrize("machine", ["dash"], indirect=True)
@pytest.mark.parametrize("mode", [0o770, 0o720, 0o777, 0o702, 0o1777])
def test_a_folder_that_others_can_write_is_refused(machine: "Machine", viberun: Path, mode: int) -> None:
    program = machine.install(viberun, "/opt/viberun")
    own(machine, CACHE)
    plant(machine, program, CACHE, machine.USER)
    machine.path(CACHE).chmod(mode)
    assert "others can write to it" in run_refusing(machine, program)


def test_another_user_s_folder_is_refused(machine: "Machine", viberun: Path) -> None:
    program = machine.install(viberun, "/opt/viberun")
    own(machine, CACHE, 0o755, machine.OTHER)
    plant(machine, program, CACHE, machine.OTHER)
    assert "it belongs to another user" in run_refusing(machine, program)


def test_root_refuses_a_folder_of_a_user(machine: "Machine", viberun: Path) -> None:
    program = machine.install(viberun, "/opt/viberun")
    machine.folder("/seed", 0o700)
    plant(machine, program, "/seed", machine.USER)
    machine.folder("/var/cache")
    machine.path("/seed").rename(machine.path("/var/cache/viberun"))
    os.chown(machine.path("/var/cache/viberun"), machine.USER, machine.USER)
    assert "it belongs to another user" in run_refusing(machine, program, user=0, environment={})


def test_what_others_planted_while_they_could_is_refused_for_good(machine: "Machine", viberun: Path) -> None:
    program = machine.install(viberun, "/opt/viberun")
    own(machine, CACHE)
    plant(machine, program, CACHE, machine.OTHER)
    assert "in it belongs to another user" in run_refusing(machine, program)


@pytest.mark.parametrize("machine", ["dash"], indirect=True)
def test_a_planted_link_in_the_folder_is_refused(machine: "Machine", viberun: Path) -> None:
    program = machine.install(viberun, "/opt/viberun")
    own(machine, CACHE)
    own(machine, "/home/user/there")
    plant(machine, program, "/home/user/there", machine.USER)
    for part in machine.path("/home/user/there").iterdir():
        link = machine.path(CACHE) / part.name
        link.symlink_to(f"/home/user/there/{part.name}")
        os.lchown(link, machine.USER, machine.USER)
    assert "in it is a link" in run_refusing(machine, program)


def test_a_folder_that_anybody_can_replace_is_refused(machine: "Machine", viberun: Path) -> None:
    program = machine.install(viberun, "/opt/viberun")
    own(machine, CACHE)
    plant(machine, program, CACHE, machine.USER)
    machine.path("/home/user/.cache").chmod(0o777)
    assert "it lies in a folder that others can write to" in run_refusing(machine, program)


@pytest.mark.parametrize("machine", ["dash"], indirect=True)
def test_a_folder_in_another_user_s_is_refused(machine: "Machine", viberun: Path) -> None:
    program = machine.install(viberun, "/opt/viberun")
    machine.folder("/shared", 0o755, machine.OTHER)
    machine.folder("/shared/viberun", 0o700, machine.USER)
    environment = {"XDG_CACHE_HOME": "/shared"}
    assert "it lies in the folder of another user" in run_refusing(machine, program, environment=environment)


@pytest.mark.parametrize("machine", ["dash"], indirect=True)
def test_a_sticky_folder_is_good_enough_to_lie_in(machine: "Machine", viberun: Path) -> None:
    program = machine.install(viberun, "/opt/viberun")
    for _ in range(2):
        result = machine.run(program, "--version", user=machine.USER, environment={"XDG_CACHE_HOME": "/tmp"})
        assert (result.returncode, result.stderr) == (0, "")
    assert list(machine.path("/tmp/viberun").glob("runtime-*"))


def test_a_home_that_is_not_there_or_not_ours_is_not_used(machine: "Machine", viberun: Path) -> None:
    program = machine.install(viberun, "/opt/viberun")
    machine.folder("/home/other", 0o755, machine.OTHER)
    for home in ("/nonexistent", "/home/other"):
        assert "ermission denied" in run_refusing(machine, program, environment={"HOME": home})
    assert not machine.path("/home/other/.cache").exists()


def test_a_person_without_a_home_gets_a_temporary_folder(machine: "Machine", viberun: Path) -> None:
    program = machine.install(viberun, "/opt/viberun")
    for environment in ({}, {"HOME": ""}, {"HOME": "relative", "XDG_CACHE_HOME": "relative"}):
        result = machine.run(program, "--version", user=machine.USER, environment=environment)
        assert result.returncode == 0
        assert "there is no home folder" in result.stderr


@pytest.mark.parametrize("machine", ["dash"], indirect=True)
def test_xdg_cache_home_comes_before_home(machine: "Machine", viberun: Path) -> None:
    program = machine.install(viberun, "/opt/viberun")
    machine.folder("/home/user/kept", 0o700, machine.USER)
    environment = HOME | {"XDG_CACHE_HOME": "/home/user/kept"}
    assert machine.run(program, "--version", user=machine.USER, environment=environment).returncode == 0
    assert list(machine.path("/home/user/kept/viberun").glob("runtime-*"))
    assert not machine.path("/home/user/.cache").exists()


def test_root_never_uses_the_home_of_another_user(machine: "Machine", viberun: Path) -> None:
    program = machine.install(viberun, "/opt/viberun")
    own(machine, CACHE)
    plant(machine, program, CACHE, machine.USER)
    before = sorted(machine.path("/home").rglob("*"))
    environment = HOME | {"XDG_CACHE_HOME": "/home/user/.cache"}
    result = machine.run(program, "--version", user=0, environment=environment)
    assert (result.returncode, result.stderr) == (0, "")
    assert not machine.path("/tmp/hostile").exists()
    assert sorted(machine.path("/home").rglob("*")) == before
    assert machine.path("/var/cache/viberun").stat().st_mode & 0o777 == 0o700


def test_a_read_only_folder_is_said_and_replaced(machine: "Machine", viberun: Path) -> None:
    program = machine.install(viberun, "/opt/viberun")
    machine.folder("/var/cache")
    machine.mounts.append('mount -t tmpfs -o ro none "$root/var/cache"')
    assert "ead-only" in run_refusing(machine, program, user=0, environment={})


@pytest.mark.parametrize("machine", ["dash"], indirect=True)
def test_a_filled_cache_works_when_it_is_read_only(machine: "Machine", viberun: Path) -> None:
    program = machine.install(viberun, "/opt/viberun")
    assert machine.run(program, "--version").returncode == 0
    machine.mounts.append(
        'mount --bind -o ro "$root/var/cache" "$root/var/cache"; mount -o remount,bind,ro "$root/var/cache"'
    )
    result = machine.run(program, "--version")
    assert (result.returncode, result.stderr) == (0, "")


def test_noexec_is_named(machine: "Machine", viberun: Path) -> None:
    program = machine.install(viberun, "/opt/viberun")
    machine.folder("/var/cache")
    machine.mounts.append('mount -t tmpfs -o noexec none "$root/var/cache"')
    assert "/var/cache/viberun: no program can be run from it (mounted noexec?)" in run_refusing(
        machine, program, user=0, environment={}
    )


def test_a_cache_that_became_noexec_is_named(machine: "Machine", viberun: Path) -> None:
    program = machine.install(viberun, "/opt/viberun")
    assert machine.run(program, "--version").returncode == 0
    machine.mounts.append(
        'mount --bind "$root/var/cache" "$root/var/cache"; mount -o remount,bind,noexec "$root/var/cache"'
    )
    line = run_refusing(machine, program, user=0, environment={})
    assert "noexec" in line or "nothing can be run from it" in line  # busybox learns it from the kernel alone


def test_the_temporary_folder_is_where_programs_can_be_run(machine: "Machine", viberun: Path) -> None:
    program = machine.install(viberun, "/opt/viberun")
    for folder in ("/var/tmp", "/mine"):
        machine.folder(folder, 0o1777)
    machine.mounts.append('mount -t tmpfs -o noexec,mode=1777 none "$root/tmp"')
    line = run_refusing(machine, program, environment={})
    assert "/tmp: no program can be run from it (mounted noexec?); unpacked into /var/tmp/viberun." in line
    assert "unpacked into /mine/viberun." in run_refusing(machine, program, environment={"TMPDIR": "/mine"})


def test_one_line_says_that_there_is_no_folder_to_run_from(machine: "Machine", viberun: Path) -> None:
    program = machine.install(viberun, "/opt/viberun")
    for folder in ("/tmp", "/var/tmp", "/dev/shm"):
        machine.folder(folder)
        machine.mounts.append(f'mount -t tmpfs -o noexec,mode=1777 none "$root{folder}"')
    result = machine.run(program, "--version", user=machine.USER)
    assert (result.returncode, result.stdout) == (126, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith("viberun: cannot be unpacked: ")
    assert line.count("noexec") == 3
    assert line.endswith("Set TMPDIR to a folder that programs can be run from.")


@pytest.mark.parametrize("machine", ["dash"], indirect=True)
@pytest.mark.parametrize("end", ["status = 3", "raise SystemExit(3)", "1 / 0", "import os; os._exit(3)"])
def test_the_temporary_folder_goes_with_the_program(machine: "Machine", probe: Path, end: str) -> None:
    program = machine.install(probe, "/opt/probe")
    code = f"import os, sys; print(os.path.dirname(sys.prefix), flush=True); {end}"
    result = machine.run(program, code, user=machine.USER)
    assert result.returncode == (1 if end == "1 / 0" else 3)
    if "_exit" in end:  # past Python's own end: the remover is on its way
        time.sleep(1)
    assert result.stdout.startswith("/tmp/viberun.")
    assert not machine.path(result.stdout.strip()).exists()


@pytest.mark.parametrize("machine", ["dash"], indirect=True)
@pytest.mark.parametrize("number", [2, 9, 15])
def test_the_temporary_folder_goes_when_the_program_is_killed(machine: "Machine", probe: Path, number: int) -> None:
    program = machine.install(probe, "/opt/probe")
    code = "import signal, sys, time; signal.signal(2, signal.SIG_DFL); print(sys.prefix, flush=True); time.sleep(60)"
    process = machine.start(program, code, user=machine.USER)
    assert process.stdout is not None
    folder = machine.path(process.stdout.readline().strip()).parent
    assert folder.exists()
    process.send_signal(number)
    process.communicate(timeout=10)
    assert process.returncode == -number
    wait_until_gone(folder)


@pytest.mark.parametrize("machine", ["dash"], indirect=True)
def test_the_temporary_folder_stays_for_a_process_that_was_forked(machine: "Machine", probe: Path) -> None:
    program = machine.install(probe, "/opt/probe")
    code = """
import os, sys, time
ready, write = os.pipe()
if os.fork():
    status = 4
else:
    null = os.open('/tmp/null', os.O_RDWR | os.O_CREAT)
    for descriptor in (0, 1, 2): os.dup2(null, descriptor)
    time.sleep(2)
    import json  # from the runtime, after the first process ended
    open('/tmp/alive', 'w').write(json.dumps(sys.prefix))
    os._exit(0)
"""
    result = machine.run(program, code, user=machine.USER)
    assert result.returncode == 4
    deadline = time.monotonic() + 20
    while not (machine.path("/tmp/alive").exists() and machine.path("/tmp/alive").read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    wait_until_gone(machine.path(machine.path("/tmp/alive").read_text().strip('"')).parent)


def wait_until_gone(path: Path) -> None:
    deadline = time.monotonic() + 10
    while path.exists():
        assert time.monotonic() < deadline, f"{path} is still there"
        time.sleep(0.02)


@pytest.mark.parametrize("machine", ["dash"], indirect=True)
def test_a_pipe_from_the_program_ends_with_it(machine: "Machine", viberun: Path) -> None:
    """What removes the temporary folder holds neither output open."""
    program = machine.install(viberun, "/opt/viberun")
    result = machine.run("/bin/sh", "-c", f"{program} --version 2>&1 | cat", user=machine.USER, timeout=20)
    assert result.stdout.splitlines()[-1].startswith("0.0.0-dev.")


@pytest.mark.parametrize("machine", ["dash"], indirect=True)
@pytest.mark.parametrize("name", ["with:colon", "with;semicolon", "with$dollar"])
def test_a_path_that_the_loader_would_split_is_not_used(machine: "Machine", viberun: Path, name: str) -> None:
    program = machine.install(viberun, "/opt/viberun")
    machine.folder(f"/home/{name}", 0o700, machine.USER)
    line = run_refusing(machine, program, environment={"HOME": f"/home/{name}"})
    assert "the loader takes no path" in line
