"""The driver as a process of its own, forked from one that has imported it already: a start anew takes longer than its work."""

import multiprocessing
import os
import sys
from collections.abc import Mapping, Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path

from release.commands import release
from viberun import program

_FORKED = multiprocessing.get_context("forkserver")
_FORKED.set_forkserver_preload([__name__, "tools.python.run_pytest"])  # multiprocessing imports the main module again


def start(arguments: Sequence[str], variables: Mapping[str, str], folder: Path, out: Path, err: Path) -> BaseProcess:
    """Starts `//release:dev` or `:prod` in a folder, with nothing of this environment; what it prints goes to two files."""
    process = _FORKED.Process(target=_drive, args=(arguments, variables, folder, out, err))
    process.start()
    return process


def _drive(arguments: Sequence[str], variables: Mapping[str, str], folder: Path, out: Path, err: Path) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(variables)
    for descriptor, file in enumerate((os.devnull, str(out), str(err))):
        os.dup2(os.open(file, os.O_RDWR | os.O_CREAT), descriptor)
    sys.exit(program.run("release", release.main, arguments))
