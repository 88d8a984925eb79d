"""What somebody wants of Debian: packages, by layer, as a data file says it.

Two shapes are read; other keys of these files belong to whoever owns them:

    {"packages": ["libc6", …], "closure": false}
    {"layers": [{"name": "base", "packages": ["bash", …]}, …], "exclude": ["debconf"], "prefer": ["mawk"]}

A request's sets are named for its folder: `python`, or with layers `app.base`.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from tools.debian.errors import LockError

_KEYS = ("closure", "exclude", "layers", "packages", "prefer")


@dataclass(frozen=True)
class Layer:
    """A set of the lock, and the packages that it was asked to hold."""

    set: str
    packages: tuple[str, ...]


@dataclass(frozen=True)
class Request:
    """`exclude`: names, real or virtual, that no dependency is followed to. `prefer`: what to take where several packages would
    do. Without `closure` the list is complete as it stands. `checksum` changes exactly when the packages asked for do."""

    path: str
    layers: tuple[Layer, ...]
    exclude: frozenset[str]
    prefer: tuple[str, ...]
    closure: bool
    checksum: str


def parse(path: str, text: str) -> Request:
    """The request in the file at `path`, relative to the workspace. Raises LockError."""
    try:
        document: dict[str, Any] = json.loads(text)
        folder = PurePosixPath(path).parent.name
        wanted = {key: document[key] for key in _KEYS if key in document}
        layers = []
        if "packages" in wanted:
            layers.append(Layer(folder, tuple(wanted["packages"])))
        if "layers" in wanted:
            named = [layer for layer in wanted["layers"] if "packages" in layer]
            wanted["layers"] = [{key: layer[key] for key in ("name", "packages")} for layer in named]
            layers += [Layer(f"{folder}.{layer['name']}", tuple(layer["packages"])) for layer in named]
    except (ValueError, KeyError, TypeError) as error:
        raise LockError(f"{path} is no request for Debian packages: {error!r}") from error
    return Request(
        path,
        tuple(layers),
        frozenset(wanted.get("exclude", ())),
        tuple(wanted.get("prefer", ())),
        wanted.get("closure", True),
        _checksum(wanted),
    )


def _checksum(wanted: dict[str, Any]) -> str:
    """Over the form that Starlark's `json.encode` gives, since debian.bzl compares it too."""
    canonical = json.dumps(wanted, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
