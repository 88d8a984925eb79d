"""Keeps the client's own files: each a small JSON object that is replaced in one step.

`config` is what the user decided (XDG_CONFIG_HOME), `state` what the client noted for itself
(XDG_STATE_HOME). A file that is missing or unreadable is an empty one: nothing here is needed to work.

Another version of the client may have written the file, or may read it next: a key that is not known
stays, and what comes to mean something else takes another key.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from viberun.errors import ViberunError


class StoreError(ViberunError):
    """A file of the client's own can't be written."""


@dataclass(frozen=True)
class Store:
    """One folder of such files, made when it is first needed, for this user alone."""

    folder: Path

    @classmethod
    def config(cls, environ: Mapping[str, str]) -> Store:
        return cls(_xdg(environ, "XDG_CONFIG_HOME", ".config"))

    @classmethod
    def state(cls, environ: Mapping[str, str]) -> Store:
        return cls(_xdg(environ, "XDG_STATE_HOME", ".local/state"))

    def read(self, name: str) -> dict[str, object]:
        try:
            value = json.loads((self.folder / name).read_bytes())
        except (OSError, ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}

    def text(self, name: str, key: str) -> str:
        """Returns the text under `key`, empty where there is none."""
        value = self.read(name).get(key)
        return value if isinstance(value, str) else ""

    def write(self, name: str, value: Mapping[str, object]) -> None:
        """Raises StoreError."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor, new = tempfile.mkstemp(prefix=f".{name}.", dir=self.folder)
            try:
                with open(descriptor, "w", encoding="utf-8") as out:
                    json.dump(value, out, indent=2, sort_keys=True)
                    out.write("\n")
                    out.flush()
                    os.fsync(out.fileno())
                os.replace(new, self.folder / name)
            finally:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(new)
        except OSError as error:
            raise StoreError(
                f"{self.folder / name} can't be written: {error.strerror}",
                remedy="see to that folder's owner and space",
            ) from None

    def note(self, name: str, key: str, value: object) -> None:
        """Sets one key; what can't be written is not remembered."""
        with contextlib.suppress(StoreError):
            self.write(name, {**self.read(name), key: value})

    def drop(self, name: str, *keys: str) -> None:
        """Removes keys; what can't be written stays as it is."""
        before = self.read(name)
        if before.keys() & set(keys):
            with contextlib.suppress(StoreError):
                self.write(name, {key: value for key, value in before.items() if key not in keys})


def _xdg(environ: Mapping[str, str], variable: str, fallback: str) -> Path:
    """XDG Base Directory Specification: a relative path in the variable counts as none."""
    base = environ.get(variable, "")
    home = environ.get("HOME") or os.path.expanduser("~")
    return (Path(base) if base.startswith("/") else Path(home, fallback)) / "viberun"
