"""Servers for tests: each a process of its own on a free port of 127.0.0.1, ended with the block that it was entered in."""

import os
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, build_opener

_STARTS = 3
_READY_WITHIN = 60.0
_END_WITHIN = 10.0


class NotReadyError(Exception):
    """The server did not come up; what it printed is in the message."""


class Server(ABC):
    """A server whose files are all in `folder`, which must exist and be empty."""

    name: str

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def command(self) -> Sequence[str]:
        """How to start it on `self.port`, having written the files that it needs."""

    def environ(self) -> Mapping[str, str]:
        return {"HOME": str(self.folder), "PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C.UTF-8"}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """What the server has printed."""
        return (self.folder / "log").read_text(errors="replace")

    def start(self) -> Self:
        """Starts it and waits until it answers. Raises NotReadyError, and FileNotFoundError where the program is missing."""
        for attempt in range(1, _STARTS + 1):
            self.port = free_port()
            with open(self.folder / "log", "wb") as log:
                self._process = subprocess.Popen(
                    self.command(),
                    cwd=self.folder,
                    env=self.environ(),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            if self._ready(self._process):
                return self
            self.stop()
            # Another process can have taken the port in between: then it is worth trying again.
            if attempt == _STARTS or "in use" not in self.log.lower():
                break
        raise NotReadyError(f"{self.name} did not answer at {self.url}:\n{self.log[-4000:]}")

    def stop(self) -> None:
        """Ends it with all its children."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(_END_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(_END_WITHIN)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _ready(self, process: subprocess.Popen[bytes]) -> bool:
        opener = build_opener(ProxyHandler({}))
        until = time.monotonic() + _READY_WITHIN
        while process.poll() is None and time.monotonic() < until:
            try:
                opener.open(self.url, timeout=5).close()
            except HTTPError:
                return True
            except (URLError, OSError):
                time.sleep(0.02)
            else:
                return True
        return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
