"""Running clients against a host and a channel, with and without a terminal."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

from tests.unit.viberun.client.hosts import Host, build_at
from tests.unit.viberun.installed import BUILD, run
from viberun.build import Build
from viberun.version import Version

OLDER, NEWER = build_at(-30), build_at(30)
PROD = Build(Version.prod("1.2.3"), "prod", BUILD.commit, BUILD.committed, "owner/name")


class Viberun:
    """Runs a client against a host and a channel."""

    def __init__(self, clients: dict[str, Path], host: Host, channel: Path) -> None:
        self.clients, self.host, self.channel = clients, host, channel

    def __call__(self, *arguments: str, client: str = "now", **variables: str) -> subprocess.CompletedProcess[str]:
        environ = {**self.host.environ, "VIBERUN_CHANNEL_URL": str(self.channel), **variables}
        return run(self.clients[client], *arguments, env=environ, stdin=subprocess.DEVNULL)

    def typed(self, keys: str, *arguments: str, client: str = "now", **variables: str) -> tuple[int, str]:
        """Runs a client on a terminal, on which `keys` are typed at once; returns its status and what it showed."""
        environ = {**self.host.environ, "VIBERUN_CHANNEL_URL": str(self.channel), "TERM": "xterm", **variables}
        command = [sys.executable, "-I", "-S", "-B", str(self.clients[client]), *arguments]
        keyboard, terminal = pty.openpty()
        process = subprocess.Popen(
            command, env=environ, stdin=terminal, stdout=terminal, stderr=terminal, close_fds=True
        )
        os.close(terminal)
        os.write(keyboard, keys.encode())
        shown = b""
        try:
            while chunk := os.read(keyboard, 4096):
                shown += chunk
        except OSError:  # how the end of a terminal looks on Linux
            pass
        os.close(keyboard)
        return process.wait(60), shown.decode(errors="replace").replace("\r\n", "\n")


def only(done: subprocess.CompletedProcess[str], status: int) -> str:
    """The one line that a command which failed says on standard error."""
    assert done.returncode == status, done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("viberun: ")
    return line
