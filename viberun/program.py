"""The outermost layer of both programs: errors, signals and broken output become an exit status.

The body of each `__main__`, so that client and server behave alike; nothing else catches what is
caught here. `--version` alone is answered at once, before anything is imported for it.
"""

from __future__ import annotations

import sys

from viberun import embedded
from viberun.errors import ViberunError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# What a shell reports for a program that the signal killed.
INTERRUPTED = 128 + 2
BROKEN_PIPE = 128 + 13


def run(name: str, command: Callable[[Sequence[str]], int], argv: Sequence[str] | None = None) -> int:
    """Runs `command` on the arguments (`sys.argv`'s if None) and returns the exit status.

    `name` begins every line on standard error.
    """
    arguments = sys.argv[1:] if argv is None else list(argv)
    try:
        status = _version() if arguments == ["--version"] else _status(command, arguments)
        return status if _flushed(name) else 1
    except ViberunError as error:
        print(f"{name}: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _discard_output()
        return BROKEN_PIPE


def _version() -> int:
    print(embedded.semver())
    return 0


def _status(command: Callable[[Sequence[str]], int], arguments: Sequence[str]) -> int:
    try:
        return command(arguments)
    except SystemExit as stop:  # how argparse ends after --help
        return stop.code if isinstance(stop.code, int) else 0


def _flushed(name: str) -> bool:
    """Writes out what is left, since a failure at exit comes too late for the status."""
    try:
        if sys.stdout is not None:  # None where the caller closed it
            sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        print(f"{name}: cannot write to standard output: {error.strerror}", file=sys.stderr)
        _discard_output()
        return False
    return True


def _discard_output() -> None:
    """Lets the interpreter's own flush at exit succeed."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
