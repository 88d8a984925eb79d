"""A self-contained executable starts wherever there is a kernel and a shell, and gives the program what the caller gave."""

import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.e2e.binary.machine import USER, Machine

SHOW = "import sys; print(sys.argv)"


def ok(result: "subprocess.CompletedProcess[str]") -> str:
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout


def test_runs_where_there_is_nothing_but_busybox(empty: Machine, viberun: Path, server: Path) -> None:
    client, daemon = empty.install(viberun, "/viberun"), empty.install(server, "/viberun-server")
    versions = {ok(empty.run(program, "--version")) for program in (client, daemon, client, daemon)}
    assert len(versions) == 1
    assert versions.pop().startswith("0.0.0-dev.")


def test_starts_under_each_shell_for_root_and_for_others(machine: Machine, viberun: Path) -> None:
    program = machine.install(viberun, "/opt/viberun")
    for _ in range(2):
        assert ok(machine.run(program, "--version")).startswith("0.0.0-dev.")
        assert ok(machine.run(program, "--version", user=USER, environment={"HOME": "/home/user"})).startswith(
            "0.0.0-dev."
        )
    for cache in ("/var/cache/viberun", "/home/user/.cache/viberun"):
        assert machine.path(cache).stat().st_mode & 0o777 == 0o700
        kinds = sorted(entry.name.partition("-")[0] for entry in machine.path(cache).iterdir())
        assert kinds == ["program", "pruned", "runtime"]


def test_hands_over_arguments_input_and_exit_status(machine: Machine, probe: Path) -> None:
    program = machine.install(probe, "/opt/probe")
    arguments = ["", "a b", "*", "'", '"', "new\nline", "-c", "--", "ä", "\\"]
    for _ in range(2):  # unpacking, then unpacked
        assert ok(machine.run(program, SHOW, *arguments)) == f"{[program, SHOW, *arguments]}\n"
        assert ok(machine.run(program, "print(input()[::-1])", stdin="stdin\n")) == "nidts\n"
        assert machine.run(program, "status = 37").returncode == 37


def test_dies_by_the_signal_it_is_sent(machine: Machine, probe: Path) -> None:
    program = machine.install(probe, "/opt/probe")
    for number in (signal.SIGTERM, signal.SIGKILL):
        process = machine.start(program, "import time; print('ready', flush=True); time.sleep(60)")
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        process.communicate(timeout=10)
        assert process.returncode == -number


def test_can_be_interrupted(machine: Machine, probe: Path) -> None:
    program = machine.install(probe, "/opt/probe")
    code = """
import time
try: print('ready', flush=True); time.sleep(60)
except KeyboardInterrupt: print('interrupted')
"""
    process = machine.start(program, code)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=10)[0] == "interrupted\n"


@pytest.mark.parametrize("way", ["link", "path", "shell", "shell and bare name", "folder and name"])
def test_finds_itself_however_it_is_started(machine: Machine, viberun: Path, way: str) -> None:
    machine.install(viberun, "/opt/some where/viberun")
    machine.path("/link").symlink_to("/opt/some where/viberun")
    argv = {
        "link": ["/link"],
        "path": ["/bin/sh", "-c", 'PATH="/opt/some where:$PATH"; cd /; viberun "$@"', "sh"],
        "shell": ["/bin/sh", "/opt/some where/viberun"],
        "shell and bare name": ["/bin/sh", "-c", 'cd "/opt/some where"; sh viberun "$@"', "sh"],
        "folder and name": ["/bin/sh", "-c", 'cd /opt; "some where/viberun" "$@"', "sh"],
    }[way]
    assert ok(machine.run(*argv, "--version")).startswith("0.0.0-dev.")


def test_works_in_folders_whose_names_need_quotes(machine: Machine, viberun: Path) -> None:
    program = machine.install(viberun, "/opt/it's * here/viberun")
    home = "/home/user/ein Ä * 'x'"
    machine.folder(home, owner=USER)
    for _ in range(2):
        ok(machine.run(program, "--version", user=USER, environment={"HOME": home}))
    assert list(machine.path(f"{home}/.cache/viberun").glob("runtime-*"))


@pytest.mark.parametrize("umask", ["000", "022", "077", "277", "777"])
def test_works_with_any_umask_and_hands_it_over(machine: Machine, probe: Path, umask: str) -> None:
    program = machine.install(probe, "/opt/probe")
    shell = ["/bin/sh", "-c", f'umask {umask}; exec "$@"', "sh"]
    code = "import os; print(f'{os.umask(0):03o}')"
    for _ in range(2):
        assert ok(machine.run(*shell, program, code, user=USER, environment={"HOME": "/home/user"})) == f"{umask}\n"


def test_starts_with_closed_descriptors(machine: Machine, probe: Path) -> None:
    program = machine.install(probe, "/opt/probe")
    for _ in range(2):
        result = machine.run("/bin/sh", "-c", f"{program} 'status = 5' <&- >&- 2>&-")
        assert result.returncode == 5


def test_children_of_the_interpreter_start_by_sys_executable(machine: Machine, probe: Path) -> None:
    program = machine.install(probe, "/opt/probe")
    code = "import subprocess, sys; print(subprocess.check_output([sys.executable, '-c', 'import sys; print(sys.prefix)'], text=True) == sys.prefix + '\\n')"
    assert ok(machine.run(program, code)) == "True\n"


def test_a_preloaded_library_is_for_the_children_alone(machine: Machine, probe: Path) -> None:
    program = machine.install(probe, "/opt/probe")
    code = "import os; print(os.environ['LD_PRELOAD'], 'VIBERUN_LD_PRELOAD' in os.environ)"
    preload = ["/bin/sh", "-c", 'LD_PRELOAD=/lib/none.so; export LD_PRELOAD; exec "$@"', "sh"]
    result = machine.run(*preload, program, code)
    ours = [line for line in result.stderr.splitlines() if "probe" in line or "ld-linux" in line]
    assert (result.returncode, result.stdout, ours) == (0, "/lib/none.so False\n", [])


@pytest.mark.parametrize("locale", ["C", "POSIX", "de_DE.ISO-8859-1", "tr_TR.UTF-8"])
def test_text_is_utf_8_in_any_locale(machine: Machine, probe: Path, locale: str) -> None:
    program = machine.install(probe, "/opt/probe")
    result = machine.run(program, "print('ä→✓', open('/tmp/ä', 'w').name)", environment={"LC_ALL": locale})
    assert ok(result) == "ä→✓ /tmp/ä\n"
    assert machine.path("/tmp/ä").exists()


def test_the_interpreter_ignores_the_environment_and_the_user_s_modules(machine: Machine, probe: Path) -> None:
    program = machine.install(probe, "/opt/probe")
    hostile = machine.folder("/hostile")
    (hostile / "json.py").write_text("raise SystemExit('hostile')")
    environment = {"PYTHONPATH": "/hostile", "PYTHONHOME": "/hostile", "PYTHONSTARTUP": "/hostile/json.py"}
    code = "import json, sys; print(sys.flags.isolated, sys.flags.no_site, sys.dont_write_bytecode)"
    result = machine.run("/bin/sh", "-c", f'cd /hostile; exec {program} "$@"', "sh", code, environment=environment)
    assert ok(result) == "1 1 True\n"


def test_a_start_runs_no_process_but_one_ls(machine: Machine, viberun: Path) -> None:
    program = machine.install(viberun, "/opt/viberun")
    if not machine.path("/proc").exists():
        machine.folder("/proc")
        machine.mounts.append('mount --bind /proc "$root/proc"')
    ok(machine.run(program, "--version"))
    spies = machine.folder("/spies")
    for name in ("id", "ls", "mkdir", "tar", "gzip", "wc", "rm", "uname", "mktemp", "touch", "cat", "dirname"):
        (spies / name).write_text(f'#!/bin/sh\necho {name} >>/tmp/spied\nPATH=/bin:/usr/bin exec {name} "$@"\n')
        (spies / name).chmod(0o755)
    machine.folder("/tmp", 0o1777)
    ok(machine.run(program, "--version", environment={"PATH": "/spies:/bin"}))
    assert machine.path("/tmp/spied").read_text() == "ls\n"


def test_starts_again_fast(machine: Machine, viberun: Path) -> None:
    program = machine.install(viberun, "/opt/viberun")
    ok(machine.run(program, "--version"))
    loader = next(machine.path("/var/cache/viberun").glob("runtime-*/bin/python3.13")).stat()
    begun = time.monotonic()
    ok(machine.run(program, "--version"))
    assert time.monotonic() - begun < 2
    assert next(machine.path("/var/cache/viberun").glob("runtime-*/bin/python3.13")).stat() == loader
