"""Reads and writes the files of the workspace that are this package's; each is replaced in one step."""

from dataclasses import dataclass
from pathlib import Path

from tools.debian import ledger, lock
from tools.debian.ledger import Ledger
from tools.debian.lock import Lock
from tools.lock.file import replace


@dataclass(frozen=True)
class Files:
    """Where they are, from the root of the workspace."""

    workspace: Path

    @property
    def suite(self) -> Path:
        """What is to be locked."""
        return self.workspace / "tools/debian/trixie.json"

    @property
    def _lock(self) -> Path:
        return self.workspace / "tools/debian/trixie.lock.json"

    @property
    def _ledger(self) -> Path:
        return self.workspace / "tools/debian/ledger.json"

    def read_lock(self) -> Lock | None:
        """Returns the lock, None where there is none yet. Raises LockError."""
        return lock.parse(self._lock.read_text("utf-8")) if self._lock.exists() else None

    def read_ledger(self) -> Ledger:
        """Returns the ledger, empty where there is none yet. Raises LockError."""
        return ledger.parse(self._ledger.read_text("utf-8")) if self._ledger.exists() else Ledger()

    def write_lock(self, new: Lock) -> None:
        """Replaces the lock."""
        replace(self._lock, new.to_json())

    def write_ledger(self, new: Ledger) -> None:
        """Replaces the ledger."""
        replace(self._ledger, new.to_json())
