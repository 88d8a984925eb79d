"""Connects to a host once, by the system's `ssh`, multiplexed, so that a password or a touch is asked once.

The control socket lies in a private folder that goes when the connection does. What is asked (a host
key, a password) ssh asks on the terminal itself. Commands are argv lists, quoted here for the shell at
the other end; standard input is theirs.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, BinaryIO, Union

from viberun.client.host.ssh_errors import SshError, last_line, no_ssh, trouble

_OPTIONS = {
    "ConnectTimeout": "15",
    "ServerAliveInterval": "10",
    "ServerAliveCountMax": "3",
    "ClearAllForwardings": "yes",
    "PermitLocalCommand": "no",
    "RemoteCommand": "none",
    "LogLevel": "ERROR",
}
# Should this process be killed, the connection ends by itself so many seconds after its last command.
_LINGER = 600
# sun_path holds 104 bytes on macOS; ssh adds 17 to the name while it makes the socket.
_LONGEST_PATH = 80
_PLAIN_PATH = re.compile(r"[A-Za-z0-9/._+-]+", re.ASCII)
_PREFIX = "viberun-ssh-"
_CHUNK = 1 << 16

Source = Union[bytes, BinaryIO, None]


@dataclass(frozen=True)
class Answer:
    """What a command at the other end gave: its exit status, its output and its errors."""

    status: int
    out: str
    err: str


class Connection:
    """A connection to `host`, open within `with`. `environ` is what ssh is started with."""

    def __init__(self, host: str, environ: Mapping[str, str]) -> None:
        self.host = host
        self._environ = dict(environ)
        self._quiet = {**environ, "LC_ALL": "C"}  # its messages are told apart below
        self._folder = ""

    def __enter__(self) -> Connection:
        self._folder = _private_folder(self._environ)
        try:
            self._open()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        if self._folder:
            with contextlib.suppress(OSError, subprocess.TimeoutExpired, SshError):
                if os.path.exists(self._socket):
                    self._control("exit")
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = ""

    def call(
        self,
        argv: Sequence[str],
        *,
        source: Source = None,
        on_line: Callable[[str], None] | None = None,
        on_error: Callable[[str], None] | None = None,
        on_sent: Callable[[int], None] | None = None,
        keep: bool = True,
    ) -> Answer:
        """Runs a command with `source` as its standard input, and waits for its end.

        `on_line` gets each line of its output as it comes, `on_error` each of its errors', and that in
        another thread; `on_sent` how many bytes of `source` have gone. Without `keep` the answer lacks
        the output. Raises SshError where the connection fails.
        """
        process = self._start(["-T"], argv)
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        errors: list[bytes] = []
        threads = [
            threading.Thread(target=_feed, args=(process.stdin, source, on_sent), daemon=True),
            threading.Thread(target=_drain, args=(process.stderr, errors, on_error), daemon=True),
        ]
        for thread in threads:
            thread.start()
        lines: list[str] = []
        try:
            for raw in process.stdout:
                line = _text(raw)
                if keep:
                    lines.append(line)
                if on_line:
                    on_line(line)
            status = process.wait()
        finally:
            _end(process)
            for thread in threads:
                thread.join(2)
        err = b"".join(errors).decode(errors="replace")
        if status == 255:
            raise trouble(self.host, err, stood=True)
        return Answer(status, "\n".join(lines), err)

    def interactive(self, argv: Sequence[str]) -> int:
        """Runs a command on the user's own terminal and returns its exit status."""
        command = self._within(["-tt"], argv)
        status = subprocess.call(command, env=self._environ)
        if status == 255:
            raise SshError(f"the connection to {self.host} was lost", remedy="run the same command again")
        return status

    @contextlib.contextmanager
    def forwarded(self, local: int, remote: int) -> Iterator[Callable[[], None]]:
        """Makes a port of this machine's loopback lead to one of the host's; gives what waits for its end."""
        ports = f"127.0.0.1:{local}:127.0.0.1:{remote}"
        done = self._control("forward", "-L", ports)
        if done.returncode != 0:
            reason = last_line(done.stderr) or "ssh does not say why"
            raise SshError(f"port {local} can't be forwarded to {self.host}: {reason}", remedy="try another --port")
        # A session that lasts as long as this process: without one the connection would end by itself.
        # Only over it: were it gone already, ssh would make one of its own, which says nothing of the port.
        held = self._start(["-T", "-o", "ProxyCommand=exit 1"], ["cat"])

        def wait() -> None:
            held.wait()
            raise trouble(self.host, "", stood=True)

        try:
            yield wait
        finally:
            _end(held)
            with contextlib.suppress(OSError, subprocess.TimeoutExpired, SshError):
                self._control("cancel", "-L", ports)

    @property
    def _socket(self) -> str:
        return f"{self._folder}/c"

    def _open(self) -> None:
        """Starts the connection that all commands share; ssh goes to the background once it stands."""
        options = ["-M", "-N", "-f", "-T", "-o", f"ControlPersist={_LINGER}"]
        log = Path(self._folder, "log")
        with log.open("wb") as errors:
            try:
                process = subprocess.Popen(
                    self._command(options, []),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=errors,
                    env=self._quiet,
                )
            except FileNotFoundError:
                raise no_ssh() from None
        try:
            status = _wait(process, log)
        finally:
            _end(process)
        if status != 0:
            raise trouble(self.host, log.read_text(errors="replace"))

    def _control(self, what: str, *options: str) -> subprocess.CompletedProcess[str]:
        # The user's own forwardings would be asked for with ours, and end it where one can't be had.
        plain = ["-F", "/dev/null", "-o", f"ControlPath={self._socket}"]
        command = ["ssh", "-O", what, *plain, *options, "--", self.host]
        try:
            return subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                env=self._quiet,
                text=True,
                timeout=20,
            )
        except FileNotFoundError:
            raise no_ssh() from None

    def _start(self, options: Sequence[str], argv: Sequence[str]) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                self._within(options, argv),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=self._quiet,
            )
        except FileNotFoundError:
            raise no_ssh() from None

    def _within(self, options: Sequence[str], argv: Sequence[str]) -> list[str]:
        """Returns a command over the connection that stands: were that gone, ssh would log in anew for each."""
        if not os.path.exists(self._socket):
            raise trouble(self.host, "", stood=True)
        return self._command(options, argv)

    def _command(self, options: Sequence[str], argv: Sequence[str]) -> list[str]:
        settings = {**_OPTIONS, "ControlPath": self._socket}
        listed = [part for name, value in settings.items() for part in ("-o", f"{name}={value}")]
        return ["ssh", *options, *listed, "--", self.host, *([shlex.join(argv)] if argv else [])]


def _private_folder(environ: Mapping[str, str]) -> str:
    """Makes a new folder for this user alone, with a name that is short and plain enough for a socket's."""
    for place in (environ.get("XDG_RUNTIME_DIR", ""), tempfile.gettempdir(), "/tmp"):
        if not place.startswith("/") or len(place) > _LONGEST_PATH - 28 or not _PLAIN_PATH.fullmatch(place):
            continue
        with contextlib.suppress(OSError):
            _sweep(Path(place))
            return tempfile.mkdtemp(prefix=_PREFIX, dir=place)
    raise SshError("there is no folder for ssh's control socket", remedy="make /tmp writable")


def _sweep(place: Path) -> None:
    """Removes what clients that were killed left in `place`, once their connections have ended too."""
    for folder in place.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            left = folder.lstat()
            alive = time.time() - left.st_mtime < 2 * _LINGER or (folder / "c").exists()
            if left.st_uid == os.getuid() and not alive:
                shutil.rmtree(folder)


def _wait(process: subprocess.Popen[bytes], log: Path) -> int:
    """Waits for ssh to go to the background; shows what it asks for beyond the terminal (a key to be touched)."""
    shown = 0
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.wait(0.1)
        said = log.read_text(errors="replace")
        for line in said[shown:].splitlines():
            if re.search("user presence|[Tt]ouch", line):
                os.write(2, f"{line}\n".encode())
        shown = len(said)


def _feed(pipe: IO[bytes], source: Source, on_sent: Callable[[int], None] | None) -> None:
    sent = 0
    with contextlib.suppress(OSError, ValueError):
        if isinstance(source, bytes):
            pipe.write(source)
        elif source is not None:
            while chunk := source.read(_CHUNK):
                pipe.write(chunk)
                sent += len(chunk)
                if on_sent:
                    on_sent(sent)
    with contextlib.suppress(OSError, ValueError):
        pipe.close()


def _drain(pipe: IO[bytes], kept: list[bytes], on_line: Callable[[str], None] | None) -> None:
    with contextlib.suppress(OSError, ValueError):
        for raw in pipe:
            kept.append(raw)
            if on_line:
                with contextlib.suppress(OSError, ValueError):  # what can't be shown is drained all the same
                    on_line(_text(raw))


def _text(raw: bytes) -> str:
    return raw.decode(errors="replace").rstrip("\r\n")


def _end(process: subprocess.Popen[bytes]) -> None:
    """Leaves nothing of a command running here, whatever ended it."""
    with contextlib.suppress(OSError, ValueError):
        if process.stdin:
            process.stdin.close()
    deadline = time.monotonic() + 2
    while process.poll() is None and time.monotonic() < deadline and process.stdin:
        time.sleep(0.01)
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(2)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
