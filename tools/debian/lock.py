"""The lock: which .deb every set of packages resolved to. Its one reader and writer in Python.

    {
    "format": 1,
    "codename": "trixie",
    "timestamp": "20261121T021046Z",
    "snapshot": "20261121T081046Z",
    "requests": {
    "images/app/image.json": "<sha256>"
    },
    "packages": [
    {"package": "bash", "architecture": "amd64", "version": "5.2.37-2+b10", "archive": "debian", "path": "pool/…", "sha256": "…",
     "size": 1, "depends": ["libc6"], "sets": ["app.base"], "scripts": {"postinst": "<sha256>"}}
    ]
    }

but with each package on one line. `timestamp` is the newest date that the archive's release files carried; `snapshot` is six hours later,
when Debian's snapshot archive has taken that state in. `architecture` is the one locked for: a package for all
of them stands here once for each. `scripts` is there for packages of images only.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tools.debian.errors import LockError

_FORMAT = 1


@dataclass(frozen=True)
class LockedPackage:
    """One line of the lock. `path` is below the archive's root on any mirror, `size` in bytes."""

    package: str
    architecture: str
    version: str
    archive: str
    path: str
    sha256: str
    size: int
    depends: tuple[str, ...]
    sets: tuple[str, ...]
    scripts: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Lock:
    """`requests` maps the path of each request that is answered here to its checksum."""

    codename: str
    timestamp: str
    snapshot: str
    requests: Mapping[str, str] = field(default_factory=dict)
    packages: tuple[LockedPackage, ...] = ()

    def of_set(self, name: str, architecture: str) -> tuple[LockedPackage, ...]:
        """The packages of a set, sorted by name. Raises LockError where there is no such set."""
        found = tuple(p for p in self.packages if name in p.sets and p.architecture == architecture)
        if not found:
            raise LockError(f"the Debian lock has no set {name!r} for {architecture}")
        return found

    def to_json(self) -> str:
        """The file's text."""
        requests = ",\n".join(f"{json.dumps(path)}: {json.dumps(self.requests[path])}" for path in sorted(self.requests))
        ordered = sorted(self.packages, key=lambda p: (p.package, p.architecture))
        packages = ",\n".join(json.dumps(_fields(package)) for package in ordered)
        return (
            f'{{\n"format": {_FORMAT},\n"codename": {json.dumps(self.codename)},\n"timestamp": {json.dumps(self.timestamp)},\n'
            f'"snapshot": {json.dumps(self.snapshot)},\n"requests": {{\n{requests}\n}},\n"packages": [\n{packages}\n]\n}}\n'
        )


def parse(text: str) -> Lock:
    """Reads what `to_json` wrote. Raises LockError."""
    try:
        document = json.loads(text)
        if document["format"] != _FORMAT:
            raise LockError(f"the Debian lock has format {document['format']}, this program knows {_FORMAT}")
        packages = tuple(
            LockedPackage(**{**line, "depends": tuple(line["depends"]), "sets": tuple(line["sets"])}) for line in document["packages"]
        )
        return Lock(document["codename"], document["timestamp"], document["snapshot"], document["requests"], packages)
    except (ValueError, KeyError, TypeError) as error:
        raise LockError(f"the Debian lock cannot be read: {error!r}") from error


def read(path: Path) -> Lock | None:
    """The lock in a file, None where there is no such file yet."""
    return parse(path.read_text("utf-8")) if path.exists() else None


def _fields(package: LockedPackage) -> dict[str, object]:
    fields: dict[str, object] = dict(vars(package))
    if package.scripts is None:
        del fields["scripts"]
    return fields
