"""Reads what is to be locked from `trixie.json`: archives with their suites and keys, architectures, requests."""

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Archive:
    """A tree on Debian's mirrors. A release file of its suites counts when one of `keys` has signed it."""

    name: str
    suites: tuple[str, ...]
    keys: tuple[Path, ...]


@dataclass(frozen=True)
class Suite:
    """One Debian release. `requests` are paths relative to the workspace."""

    codename: str
    architectures: tuple[str, ...]
    archives: tuple[Archive, ...]
    requests: tuple[str, ...]


def read(path: Path) -> Suite:
    """Returns the release described in the file; its keys are in `keys/` beside it."""
    document = json.loads(path.read_text("utf-8"))
    archives = tuple(
        Archive(a["name"], tuple(a["suites"]), tuple(path.parent / "keys" / key for key in a["keys"]))
        for a in document["archives"]
    )
    return Suite(document["codename"], tuple(document["architectures"]), archives, tuple(document["requests"]))
