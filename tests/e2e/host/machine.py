"""A machine of its own, as real as one gets without a kernel of its own: a root file system over Debian's, its own
processes, network and terminals. Whatever happens, nothing of it is left: it lives for as long as a pipe to it is open.
"""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.host.debian_root import PERSON
from tests.e2e.host.terminal import Terminal

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

_NAMESPACES = ("mount", "net", "uts", "ipc", "pid")
_BEGIN = Path(__file__).with_name("begin.sh")


@dataclass(frozen=True)
class Machine:
    """`address` is its own on the tests' network, `folder` holds what it has written."""

    name: str
    address: str
    folder: Path
    pid: int

    def path(self, path: str) -> Path:
        """Where a path of the machine can be read and written from here."""
        return Path(f"/proc/{self.pid}/root{path}")

    def save(self, target: Path) -> Path:
        """Copies what the machine has written, but for an engine's images, to a folder that another can begin with."""
        _copy(self.folder / "upper", target)
        return target

    def argv(self, argv: Sequence[str], user: str, environment: Mapping[str, str]) -> list[str]:
        """The command that runs `argv` in the machine, in the user's home folder and with nothing of our environment."""
        # nsenter waits for the command beside it: an interrupt from the terminal is for the command alone.
        enter = [
            "env",
            "--ignore-signal=INT",
            "nsenter",
            f"--target={self.pid}",
            *(f"--{name}" for name in _NAMESPACES),
        ]
        home = "/root" if user == "root" else f"/home/{user}"
        become = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", "--reset-env"]
        variables = {"PATH": PATH, "LANG": "C.UTF-8", **environment}
        settings = [f"{name}={value}" for name, value in variables.items()]
        return [*enter, "--", *become, "/usr/bin/env", "--default-signal=INT", f"--chdir={home}", *settings, *argv]

    def call(
        self, *argv: str, user: str = PERSON, text: str | None = None, timeout: float = 180, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Runs a command without a terminal; `text` is its standard input."""
        given: dict[str, object] = {"stdin": subprocess.DEVNULL} if text is None else {"input": text}
        return subprocess.run(  # type: ignore[call-overload, no-any-return]
            self.argv(argv, user, environment), capture_output=True, text=True, timeout=timeout, **given
        )

    def run(self, *argv: str, user: str = PERSON, **options: object) -> str:
        """`call` that returns what was printed, and fails with all of it where the command does."""
        done = self.call(*argv, user=user, **options)  # type: ignore[arg-type]
        assert done.returncode == 0, f"{' '.join(argv)}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def root(self, script: str) -> str:
        """Runs a shell script as root."""
        return self.run("sh", "-euc", script, user="root")

    def start(self, *argv: str, user: str = PERSON, **environment: str) -> "subprocess.Popen[str]":
        """Starts a command in a process group of its own, its output and errors in one pipe."""
        return subprocess.Popen(
            self.argv(argv, user, environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def terminal(self, *argv: str, user: str = PERSON, **environment: str) -> Terminal:
        """Starts a command on a terminal."""
        return Terminal(self.argv(argv, user, {"TERM": "xterm-256color", **environment}))


@contextlib.contextmanager
def started(name: str, address: str, lower: Path, folder: Path, disk: Path | None = None) -> Iterator[Machine]:
    """A machine over the root file system `lower`, which it leaves as it is.

    What it writes goes to `folder`; it begins with what was written to `disk` (by `Machine.save`) where there is one.
    """
    parts = {part: folder / part for part in ("root", "upper", "work", "engine")}
    for path in parts.values():
        path.mkdir(parents=True)
    if disk is not None:
        _copy(disk, parts["upper"])
    places = [str(path) for path in (parts["root"], lower, parts["upper"], parts["work"], parts["engine"])]
    options = ["--fork", "--kill-child", "--propagation=private", *(f"--{name}" for name in _NAMESPACES)]
    command = ["unshare", *options, "sh", str(_BEGIN), name, *places]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True, text=True
    ) as first:
        assert first.stdin
        assert first.stdout
        try:
            assert first.stdout.readline() == "ready\n", "the machine did not start; its messages are above"
            yield Machine(name, address, folder, _child(first.pid))
        finally:
            first.stdin.close()
            first.wait(30)
            _remove_groups(name)
            shutil.rmtree(folder, ignore_errors=True)


def _copy(source: Path, target: Path) -> None:
    """Copies the upper folder of an overlay, with all that marks what is deleted."""
    target.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "--archive", "--reflink=auto", f"{source}/.", str(target)], check=True)


def _remove_groups(name: str) -> None:
    """Removes the control groups that the machine's engine made, which outlive their processes."""
    places = [Path("/sys/fs/cgroup"), *Path("/sys/fs/cgroup").iterdir()]
    for top in [place / control_group(name) for place in places]:
        for folder, _, _ in os.walk(top, topdown=False):
            os.rmdir(folder)


def control_group(name: str) -> str:
    """Where an engine in a machine of that name puts its containers, apart from those of everybody else."""
    return f"viberun-test-{os.getpid()}-{name}"


def _child(pid: int) -> int:
    (child,) = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(child)
