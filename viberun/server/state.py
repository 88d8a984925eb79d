"""Keeps the state folder: one file an app, each replaced atomically, and the lock for whoever changes something.

Knows nothing of Docker. Everything in it can be read without the lock, since no file is ever half-written.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from viberun.errors import ViberunError
from viberun.server.errors import LockedError, StateError
from viberun.server.notes import note

STATE = "VIBERUN_STATE"
DEFAULT = "/var/lib/viberun"

# Longer than the longest change takes: an update that waits for its container to be healthy.
PATIENCE_SECONDS = 180.0
_SILENT_SECONDS = 2.0
_PAUSE_SECONDS = 0.05

_SCRATCH = ".new-"


@dataclass(frozen=True)
class State:
    """What viberun knows about this host, below `folder`."""

    folder: Path

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> State:
        """Returns the host's, unless `VIBERUN_STATE` names another folder, as tests do."""
        return cls(Path(environ.get(STATE) or DEFAULT))

    def prepare(self) -> None:
        """Makes the folders, for this user alone. Raises StateError."""
        with _translated(self.folder):
            self._apps.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self.folder.stat().st_uid == os.geteuid():
                self.folder.chmod(0o700)

    def prove_writable(self) -> None:
        """Raises StateError where a file could not be written."""
        self.prepare()
        self._write(self.folder / ".self-check", "")
        with _translated(self.folder):
            (self.folder / ".self-check").unlink(missing_ok=True)  # another that checks may have been here first

    def names(self) -> list[str]:
        """Returns the apps that have a file."""
        with _translated(self._apps):
            try:
                return sorted(path.stem for path in self._apps.iterdir() if path.suffix == ".json")
            except FileNotFoundError:
                return []

    def read(self, name: str) -> str | None:
        """Returns the text of this app's file, None where there is none. Raises StateError."""
        with _translated(self._file(name)):
            try:
                return self._file(name).read_text()
            except FileNotFoundError:
                return None

    def write(self, name: str, text: str) -> None:
        """Replaces this app's file; once this returns it outlives a power cut. Raises StateError."""
        self.prepare()
        self._write(self._file(name), text)

    def forget(self, name: str) -> None:
        with _translated(self._file(name)), contextlib.suppress(FileNotFoundError):
            self._file(name).unlink()

    @contextlib.contextmanager
    def locked(self, purpose: str, patience: float = PATIENCE_SECONDS) -> Iterator[None]:
        """Holds the lock of this host, which the bootstrap takes too; the system frees it when a holder dies.

        `purpose` is what others read who have to wait. Raises LockedError after `patience` seconds.
        """
        self.prepare()
        path = self.folder / "lock"
        with _translated(path):
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            _acquire(descriptor, patience)
            with _translated(path):
                for left in self._apps.glob(f"{_SCRATCH}*"):  # by a writer that was killed: writers hold the lock
                    left.unlink()
                os.ftruncate(descriptor, 0)
                os.pwrite(descriptor, f"{purpose}, process {os.getpid()}\n".encode(), 0)
            try:
                yield
            finally:
                with contextlib.suppress(OSError):
                    os.ftruncate(descriptor, 0)
        finally:
            os.close(descriptor)

    @property
    def _apps(self) -> Path:
        return self.folder / "apps"

    def _file(self, name: str) -> Path:
        return self._apps / f"{name}.json"

    def _write(self, path: Path, text: str) -> None:
        with _translated(path):
            descriptor, scratch = tempfile.mkstemp(prefix=_SCRATCH, dir=path.parent)
            try:
                with open(descriptor, "w") as file:
                    file.write(text)
                    file.flush()
                    os.fsync(file.fileno())
                os.replace(scratch, path)
            except BaseException:
                os.unlink(scratch)
                raise
            folder = os.open(path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)


def _acquire(descriptor: int, patience: float) -> None:
    began = time.monotonic()
    told = False
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waited = time.monotonic() - began
        if waited > patience:
            raise LockedError(
                f"another viberun has been at work on this host for {waited:.0f} s ({_holder(descriptor)})",
                remedy="wait for it, or end it, and run this again",
            )
        if waited > _SILENT_SECONDS and not told:
            note(f"waiting for another viberun ({_holder(descriptor)})")
            told = True
        time.sleep(_PAUSE_SECONDS)


def _holder(descriptor: int) -> str:
    text = os.pread(descriptor, 200, 0).decode(errors="replace").strip()
    return text if text.isprintable() and text else "its setup"


@contextlib.contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _problem(path, error) from None


def _problem(path: Path, error: OSError) -> ViberunError:
    if isinstance(error, PermissionError):
        remedy = "run this as root"
    elif error.errno in (errno.ENOSPC, errno.EDQUOT):
        remedy = "free some disk space and run this again"
    else:
        remedy = "look at what is there"
    return StateError(f"{path} can't be used: {(error.strerror or str(error)).lower()}", remedy=remedy)
