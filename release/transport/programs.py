"""Runs the programs that publish packages: argument lists in, what they said out, and no secret in it."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from release.transport.secrets import SECRET
from viberun.errors import ViberunError


class MissingProgramError(ViberunError):
    """There is no such program on this machine, or none that can be run."""


@dataclass(frozen=True)
class Ended:
    """How a program ended: its status, None where it was given up, and what it printed, standard error last."""

    status: int | None
    out: str
    err: str

    @property
    def last_words(self) -> str:
        """The end of what it said, on one line."""
        lines = [line.strip() for line in (self.err or self.out).splitlines() if line.strip()]
        return " ".join(lines[-6:])[-600:]


_SECRETS = {
    "npm": re.compile("NPM_|NODE_AUTH_TOKEN$|ACTIONS_ID_TOKEN_REQUEST_(?:TOKEN|URL)$", re.IGNORECASE),
    "twine": re.compile("TWINE_|ACTIONS_ID_TOKEN_REQUEST_(?:TOKEN|URL)$"),
    "pypi_attestations": re.compile("ACTIONS_ID_TOKEN_REQUEST_(?:TOKEN|URL)$"),
}
"""Which variables that are called like secrets a program needs, by a word of its command."""

_NONE = re.compile("(?!)")
_TERMINAL = "/dev/tty"

Run = Callable[[Sequence[str], Mapping[str, str], Path, float], Ended]
"""Runs a command with variables on top of the environment, in a folder, for so many seconds at most."""


def has_terminal() -> bool:
    """Tells whether somebody is there whom a program may ask."""
    return sys.stdin.isatty() and os.access(_TERMINAL, os.R_OK | os.W_OK)


def python(module: str, *arguments: str) -> list[str]:
    """Returns the command for a module as a program of this interpreter; PYTHON_VARIABLES go with it."""
    return [sys.executable, "-P", "-S", "-B", "-m", module, *arguments]


PYTHON_VARIABLES = {"PYTHONPATH": os.pathsep.join(sys.path), "NO_COLOR": "1", "COLUMNS": "500"}
"""What a module needs to find its libraries, and to print what can be read by a program."""


def runner(
    environ: Mapping[str, str], redact: Callable[[str], str], *, terminal: bool = False, reads: str | None = None
) -> Run:
    """Makes a Run of this machine's programs: they get `environ`, without what are others' secrets, and on standard input what
    it `reads`, which may be a secret of its own.

    With `terminal` they ask and tell whoever sits there, and only their errors come back. It raises MissingProgramError.
    """

    def run(command: Sequence[str], variables: Mapping[str, str], folder: Path, seconds: float) -> Ended:
        try:
            with Path(_TERMINAL).open("r+b", buffering=0) if terminal else nullcontext() as there:
                process = subprocess.Popen(
                    command,
                    cwd=folder,
                    env={**_without_others_secrets(environ, command), **variables},
                    stdin=there or (subprocess.DEVNULL if reads is None else subprocess.PIPE),
                    stdout=there or subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                    errors="replace",
                    start_new_session=True,
                )
        except FileNotFoundError as error:
            raise MissingProgramError(f"there is no {command[0]} on PATH", remedy="install it") from error
        except OSError as error:
            raise MissingProgramError(
                f"{command[0]} can't be run: {error.strerror}", remedy="install it anew"
            ) from error
        try:
            out, err = process.communicate(reads, timeout=seconds)
            status: int | None = process.returncode
        except subprocess.TimeoutExpired:
            _end(process)
            out, err = process.communicate()
            status = None
        except BaseException:
            _end(process)
            raise
        return Ended(status, redact(out or ""), redact(err))

    return run


def _without_others_secrets(environ: Mapping[str, str], command: Sequence[str]) -> dict[str, str]:
    """Leaves out what is called like a secret, but for those of the program itself, and its right to ask who the job is."""
    own = next((names for program, names in _SECRETS.items() if program in command), _NONE)
    return {name: value for name, value in environ.items() if own.match(name) or not SECRET.search(name)}


def _end(process: subprocess.Popen[str]) -> None:
    """Ends it with its children, which are in the session that it leads."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    process.wait()
