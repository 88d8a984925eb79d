"""Has things done on a host: the steps of bootstrap.sh, and calls of viberun-server.

Every value that travels matches a strict pattern first. Root comes by logging in as root or by
`sudo -n`; the environment travels as `sudo -n env VIBERUN_…=… viberun-server …`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

import viberun.client.host
from viberun.client.host.ssh import Answer, Connection
from viberun.client.host.ssh_errors import last_line
from viberun.errors import UsageError, ViberunError
from viberun.fields import Fields, decode
from viberun.protocol import NOTE

SERVER = "/usr/local/bin/viberun-server"

_VALUE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+~%=?&-]{0,2047}", re.ASCII)
_NAME = re.compile("VIBERUN_[A-Z_]+", re.ASCII)
_ROOT = {"direct": (), "sudo": ("sudo", "-n")}


# The server's advice, as the command of the client that does it.
_OURS = (
    ("viberun-server apps list", "viberun apps"),
    ("viberun-server apps (start|create)", "viberun vibe"),
    ("viberun-server apps update", "viberun apps update"),
    ("viberun-server apps (rm|logs)", r"viberun \1"),
)


class RemoteError(ViberunError):
    """The host is not one to work on, or a step on it failed; `code` is the bootstrap's."""

    def __init__(self, message: str, *, remedy: str | None = None, code: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.code = code


class NoServerError(RemoteError):
    """There is no viberun-server on the host."""


class EngineError(RemoteError):
    """Docker on the host can't be reached."""

    exit_code = 3


class ServerError(ViberunError):
    """viberun-server ended with an error: its message and its exit status."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.exit_code = status


@dataclass(frozen=True)
class HostFacts:
    """Says what a host is, as the bootstrap's step `look` found it; `server` is what its server says, if there is one."""

    system: str = ""
    machine: str = ""
    distribution: str = ""
    user: str = ""
    root: str = ""
    engine: str = ""
    free: str = ""
    server: str | None = None
    absent: bool = False


@dataclass(frozen=True)
class Remote:
    """A host that a connection leads to. `root` is how one becomes root there, `environ` what its server gets.

    `on_note` gets what the server says on the way that is no error: what it waits for, what it left out.
    """

    connection: Connection
    root: str = "direct"
    environ: Mapping[str, str] = field(default_factory=dict)
    on_note: Callable[[str], None] = lambda _: None

    @property
    def host(self) -> str:
        return self.connection.host

    def look(self) -> HostFacts:
        """Asks the host what it is, as the user that logs in; raises RemoteError where that runs no commands."""
        said: dict[str, str] = {}

        def note(key: str, value: str) -> None:
            said[key] = value

        answer = self._run((), "look", [], note)
        if "system" not in said:
            reason = last_line(answer.err) or last_line(answer.out) or f"exit status {answer.status}"
            raise RemoteError(f"{self.host} runs no commands for this user: {reason}", remedy="log in as another user")
        absent = "absent" in said
        known = {key: value for key, value in said.items() if key in HostFacts.__dataclass_fields__ and key != "absent"}
        return HostFacts(**known, absent=absent)

    def step(self, name: str, arguments: Sequence[str], on_word: Callable[[str, str], None]) -> None:
        """Runs a step of the bootstrap as root; `on_word` gets what it says, as a word and the rest.

        Raises RemoteError with the bootstrap's code where the step failed.
        """
        failures: list[str] = []
        ended: list[str] = []

        def note(key: str, value: str) -> None:
            if key == "failed":
                failures.append(value)
            else:
                if key in ("done", "staged"):
                    ended.append(value)
                on_word(key, value)

        answer = self._run(_ROOT[self.root], name, [_checked(argument) for argument in arguments], note)
        if failures:
            code, _, detail = failures[0].partition(" ")
            raise RemoteError(detail.strip() or code, code=code)
        if answer.status != 0 or not ended:
            reason = last_line(answer.err) or f"exit status {answer.status}"
            raise RemoteError(f"the step '{name}' on {self.host} ended early: {reason}", code="ended")

    def send(self, file: BinaryIO, path: str, on_sent: Callable[[int], None]) -> None:
        """Writes what is read from `file` to `path` on the host, as root."""
        answer = self.connection.call(
            [*_ROOT[self.root], "dd", f"of={_checked(path, '/')}", "bs=65536"], source=file, on_sent=on_sent
        )
        if answer.status != 0:
            raise RemoteError(last_line(answer.err) or f"dd ended with {answer.status}", code="sent")

    def sha256(self, path: str) -> str:
        """Returns the sha256 (hex) of a file on the host, read as root. Raises RemoteError."""
        answer = self.connection.call([*_ROOT[self.root], "sha256sum", _checked(path, "/")])
        digest = answer.out.partition(" ")[0]
        if answer.status != 0 or len(digest) != len(hashlib.sha256().hexdigest()):
            raise RemoteError(f"{path} on {self.host} can't be read: {last_line(answer.err) or answer.status}")
        return digest

    def command(self, arguments: Sequence[str]) -> list[str]:
        """Returns the argv that runs viberun-server on the host."""
        return [*_ROOT[self.root], *self._env(), SERVER, *arguments]

    def call(self, arguments: Sequence[str], on_line: Callable[[str], None] | None = None, *, keep: bool = True) -> str:
        """Runs viberun-server; returns its output, where that is to be kept. Raises ServerError, NoServerError."""

        def hear(line: str) -> None:
            if line.startswith(NOTE):
                self.on_note(f"{self.host}: {_ours(line[len(NOTE) :])}")

        answer = self.connection.call(self.command(arguments), on_line=on_line, on_error=hear, keep=keep)
        if answer.status != 0:
            raise self.failure(answer.status, answer.err)
        return answer.out

    def ask(self, arguments: Sequence[str]) -> dict[str, object]:
        """Runs viberun-server with --json and returns the object that it prints."""
        out = self.call([*arguments, "--json"])
        lines = [line for line in out.splitlines() if line.startswith("{")]
        try:
            value = json.loads(lines[-1]) if lines else None
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise RemoteError(
                f"viberun-server on {self.host} does not answer as one does", remedy=f"run 'viberun setup {self.host}'"
            )
        return value

    def failure(self, status: int, said: str) -> ViberunError:
        """Returns what a call of the server that ended with `status` means."""
        line = last_line(said)
        if status == 127 or (status in (1, 126) and re.search("No such file|not found", line) and SERVER in line):
            return NoServerError(
                f"there is no viberun-server on {self.host}", remedy=f"run 'viberun setup {self.host}'"
            )
        if re.search("sudo: .*(password|not allowed|required)", said):
            return no_root(self.host, "refused")
        message = line.partition("viberun-server: ")[2] or line or f"viberun-server ended with {status}"
        unknown = re.fullmatch("(.*); see 'viberun-server.* --help'", message)
        if status == UsageError.exit_code and unknown:  # by a client that has seen to what the user gave it
            return ServerError(
                f"the server on {self.host} does not know what this client asks for ({unknown[1]});"
                f" run 'viberun update {self.host}'",
                status,
            )
        return ServerError(f"{self.host}: {_ours(message)}", status)

    def _env(self) -> list[str]:
        return ["env", *(f"{_variable(name)}={_checked(value)}" for name, value in sorted(self.environ.items()))]

    def _run(
        self, prefix: Sequence[str], step: str, arguments: Sequence[str], on_word: Callable[[str, str], None]
    ) -> Answer:
        def note(line: str) -> None:
            if line.startswith("viberun "):
                key, _, value = line[len("viberun ") :].partition(" ")
                on_word(key, value)

        argv = [*prefix, *self._env(), "sh", "-s", "--", step, *arguments]
        return self.connection.call(argv, source=bootstrap(), on_line=note)


def bootstrap() -> bytes:
    """Returns the text of bootstrap.sh, out of the package."""
    loader = viberun.client.host.__spec__.loader
    content: bytes = loader.get_data(f"{viberun.client.host.__path__[0]}/bootstrap.sh")  # type: ignore[union-attr]
    return content


def no_root(host: str, how: str) -> RemoteError:
    """Returns the error for a user who is not root and can't become it."""
    if how == "missing":
        return RemoteError(
            f"you are not root on {host}, and there is no sudo", remedy="log in as root, or install sudo there"
        )
    return RemoteError(
        f"sudo on {host} asks for a password, or does not let you",
        remedy="log in as root, or let your user run sudo without one (NOPASSWD in /etc/sudoers.d)",
    )


def read_object(text: str) -> Fields | None:
    """Returns the first JSON object in what a server said, None where there is none."""
    start, end = text.find("{"), text.rfind("}")
    if start < 0 or end < start:
        return None
    try:
        return Fields(decode(text[start : end + 1]), "", [])
    except ValueError:
        return None


def _ours(message: str) -> str:
    for theirs, ours in _OURS:
        message = re.sub(theirs, ours, message)
    return message


def _checked(value: str, first: str = "") -> str:
    if _VALUE.fullmatch(value[len(first) :]) and value.startswith(first):
        return value
    raise RemoteError(f"{value!r} is nothing to hand to a host", remedy="check the VIBERUN_… variables")


def _variable(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise RemoteError(f"{name!r} is no variable for a host")
    return name
