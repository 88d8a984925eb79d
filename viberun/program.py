"""Runs both programs, as their outermost layer: errors, signals and broken output become an exit status.

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

    `name` begins every line on standard error. A standard stream that the caller closed is an empty one
    for `command`, so that nothing else has to ask. An OSError without a file name is taken for a failure
    of standard output. It and ViberunError apart, every exception is a defect and passes through.
    """
    arguments = sys.argv[1:] if argv is None else list(argv)
    _open_closed_streams()
    try:
        try:
            return _version() if arguments == ["--version"] else _status(command, arguments)
        finally:
            sys.stdout.flush()  # at exit a failure comes too late for the status
    except ViberunError as error:
        _report(f"{name}: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _discard_output()
        return BROKEN_PIPE
    except OSError as error:
        if error.filename is not None:
            raise
        _discard_output()
        _report(f"{name}: cannot write to standard output: {error.strerror}")
        return 1


def _version() -> int:
    print(embedded.semver())
    return 0


def _status(command: Callable[[Sequence[str]], int], arguments: Sequence[str]) -> int:
    try:
        return command(arguments)
    except SystemExit as stop:  # how argparse ends after --help
        return int(stop.code or 0)


def _report(line: str) -> None:
    print(line, file=sys.stderr)


def _open_closed_streams() -> None:
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            import os

            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115 - open as long as the program runs


def _discard_output() -> None:
    """Lets the interpreter's own flush at exit succeed."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
