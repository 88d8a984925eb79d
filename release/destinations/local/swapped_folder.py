"""A folder that changes as a whole: a link to one of its editions, which lie in a hidden sibling.

    dev -> .dev.editions/7-0.0.0-dev.20260125123045-abc1234
    .dev.editions/6-…   the edition before, for whoever still reads in it
    .dev.editions/7-…

The rename of the link is the one moment of change. Editions are numbered: one with a higher number
than the link's is what a killed run left, and the next one to begin removes it. What an edition holds
is the caller's affair.
"""

import fcntl
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from release.transport.content import make_folder, sync_folder

_LINK = "next"


@dataclass(frozen=True)
class SwappedFolder:
    """The folder at `path`, which is absolute, and whose parent has no link in it."""

    path: Path

    @staticmethod
    def at(path: Path) -> "SwappedFolder":
        """Resolves everything but the last part of `path`, which may itself be the link."""
        plain = Path(os.path.normpath(path))
        return SwappedFolder(plain.parent.resolve() / plain.name)

    @property
    def editions(self) -> Path:
        """Where the editions lie."""
        return self.path.with_name(f".{self.path.name}.editions")

    def current(self) -> Path | None:
        """Returns the edition that the link names, whether it is there or not; None where there is no such link."""
        if not self.path.is_symlink():
            return None
        target = self.path.readlink()
        ours = target.parent == Path(self.editions.name) and _number(target.name)
        return self.path.parent / target if ours else None

    def previous(self) -> Path | None:
        """Returns the edition that the link named before."""
        current = self.current()
        older = [e for e in self._all() if current and _number(e.name) < _number(current.name)]
        return max(older, key=lambda edition: _number(edition.name), default=None)

    def obstacle(self) -> str | None:
        """Tells why `path` can't be made such a folder, in a clause about it; None if it can."""
        if not self.path.name:
            return "is the root of the file system"
        parent = next(parent for parent in self.path.parents if parent.exists())
        if not parent.is_dir():
            return f"needs {parent} to be a folder"
        if not os.access(parent, os.W_OK | os.X_OK):
            return f"needs {parent}, which this user can't write to"
        if self.editions.is_symlink() or (self.editions.exists() and not self.editions.is_dir()):
            return f"needs {self.editions}, which something else is at"
        if self.path.is_symlink():
            return None if self.current() else f"is a link to {self.path.readlink()}"
        if self.path.is_dir():
            return "holds other files" if any(self.path.iterdir()) else None
        return "is no folder" if self.path.exists() else None

    @contextmanager
    def locked(self, waiting: Callable[[], None]) -> Iterator[None]:
        """Keeps other runs from changing this folder; calls `waiting` once if one is at it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.editions.mkdir(exist_ok=True)
        descriptor = os.open(self.editions, os.O_RDONLY | os.O_DIRECTORY)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                waiting()
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def begin(self, label: str) -> Path:
        """Makes an empty folder for the next edition, after removing what killed runs left.

        For the holder of the lock, as is everything below.
        """
        self.tidy()
        self.editions.chmod(0o755)
        current = self.current()
        edition = self.editions / f"{_number(current.name) + 1 if current else 1}-{label}"
        make_folder(edition)
        return edition

    def switch(self, edition: Path) -> None:
        """Makes `edition`, whose content is on disk, the folder's content in one rename."""
        link = self.editions / _LINK
        link.symlink_to(Path(self.editions.name) / edition.name)
        sync_folder(self.editions)
        if self.path.is_dir() and not self.path.is_symlink():
            self.path.rmdir()  # empty, or this fails; a link can't be renamed over a folder
        link.rename(self.path)
        sync_folder(self.path.parent)

    def litter(self) -> list[Path]:
        """Lists every edition but the current one and the one before: what killed runs left, or another run is at."""
        kept = {self.current(), self.previous()}
        return [edition for edition in self._all() if edition not in kept]

    def tidy(self) -> None:
        """Removes the litter."""
        (self.editions / _LINK).unlink(missing_ok=True)
        for edition in self.litter():
            shutil.rmtree(edition)

    def _all(self) -> list[Path]:
        if not self.editions.is_dir():
            return []
        return [entry for entry in self.editions.iterdir() if _number(entry.name)]


def _number(name: str) -> int:
    """Returns the number that an edition's name begins with; 0 for what is none."""
    match = re.match(r"([1-9][0-9]*)-", name)
    return int(match[1]) if match else 0
