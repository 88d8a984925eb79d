"""Reads requests: the packages of Debian, perhaps by layer, that a data file asks for.

Two shapes are read; other keys of these files belong to whoever owns them:

    {"packages": ["libc6", …], "closure": false}
    {"layers": [{"name": "base", "packages": ["bash", …]}, …], "exclude": ["debconf"], "prefer": ["mawk"]}

The lock's sets are named for the file's folder, and for the layer: `python`, `app.base`.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from tools.debian.errors import LockError

_KEYS = ("closure", "exclude", "layers", "packages", "prefer")


@dataclass(frozen=True)
class Layer:
    """A set of the lock, and the packages that it was asked to hold."""

    set_name: str
    packages: tuple[str, ...]


@dataclass(frozen=True)
class Request:
    """One request file.

    `exclude`: names, real or virtual, that no dependency is followed to. `prefer`: what to take where several packages
    would do. Without `closure` the list is complete as it stands: files to unpack and not a system, so that nobody asks
    what becomes of maintainer scripts. `checksum` changes exactly when what is asked for does.
    """

    path: str
    layers: tuple[Layer, ...]
    exclude: frozenset[str]
    prefer: tuple[str, ...]
    closure: bool
    checksum: str


def read(workspace: Path, path: str) -> Request:
    """Returns the request in a file of the workspace. Raises LockError."""
    try:
        return parse(path, (workspace / path).read_text("utf-8"))
    except OSError as error:
        raise LockError(path, [f"cannot be read: {error.strerror}"]) from error


def parse(path: str, text: str) -> Request:
    """Returns the request in the file at `path`, relative to the workspace. Raises LockError."""
    try:
        document: dict[str, Any] = json.loads(text)
        wanted = {key: document[key] for key in _KEYS if key in document}
        if "layers" in wanted:
            # A layer without packages is none of Debian's.
            named = [layer for layer in wanted["layers"] if "packages" in layer]
            wanted["layers"] = [{key: layer[key] for key in ("name", "packages")} for layer in named]
        return Request(
            path,
            _layers(PurePosixPath(path).parent.name, wanted),
            frozenset(wanted.get("exclude", ())),
            tuple(wanted.get("prefer", ())),
            wanted.get("closure", True),
            _checksum(wanted),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise LockError(path, [f"no request for Debian packages: {error!r}"]) from error


def _layers(folder: str, wanted: dict[str, Any]) -> tuple[Layer, ...]:
    lists = {folder: wanted["packages"]} if "packages" in wanted else {}
    lists.update((f"{folder}.{layer['name']}", layer["packages"]) for layer in wanted.get("layers", ()))
    if not lists or not all(isinstance(packages, list) for packages in lists.values()):
        raise TypeError("packages are to be a list")
    return tuple(Layer(name, tuple(packages)) for name, packages in lists.items())


def _checksum(wanted: dict[str, Any]) -> str:
    """Over the text that Starlark's `json.encode` gives, since private/lock.bzl makes the same checksum."""
    canonical = json.dumps(wanted, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
