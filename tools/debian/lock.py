"""Reads and writes the lock: which .deb each set of packages resolved to. private/lock.bzl reads it too.

    {
    "format": 1,
    "codename": "trixie",
    "timestamp": "20261121T021046Z",
    "snapshot": "20261121T081046Z",
    "requests": {
    "images/app/image.json": "<checksum>"
    },
    "packages": [
    {"package": "bash", "architecture": "amd64", "version": "5.2.37-2+b10", "archive": "debian",
     "path": "pool/main/b/bash/bash_5.2.37-2+b10_amd64.deb", "sha256": "…", "size": 1500792, "depends": ["libc6"],
     "sets": ["app.base"], "scripts": {"postinst": "<sha256>"}}
    ]
    }

with each package on one line. `timestamp` is the newest date in the archive's release files;
`snapshot` is six hours later, when Debian's snapshot archive has taken that state in. `architecture`
is the one locked for: a package for all of them stands here once for each. `scripts` stands with
packages of systems only, that is of images.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from tools.debian.errors import LockError

_FORMAT = 1


@dataclass(frozen=True)
class LockedPackage:
    """One line of the lock. `path` is below the archive's root on any mirror, `size` in bytes, `scripts` by name."""

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
    """`requests` maps the path of each request that is answered to its checksum."""

    codename: str
    timestamp: str
    snapshot: str
    requests: Mapping[str, str] = field(default_factory=dict)
    packages: tuple[LockedPackage, ...] = ()

    def to_json(self) -> str:
        """Returns the file's text."""
        ordered = sorted(self.packages, key=lambda p: (p.package, p.architecture))
        header = {"format": _FORMAT, "codename": self.codename, "timestamp": self.timestamp, "snapshot": self.snapshot}
        head = "\n".join(f"{json.dumps(key)}: {json.dumps(value)}," for key, value in header.items())
        requests = ",\n".join(
            f"{json.dumps(path)}: {json.dumps(self.requests[path])}" for path in sorted(self.requests)
        )
        packages = ",\n".join(json.dumps(_fields(package)) for package in ordered)
        return f'{{\n{head}\n"requests": {{\n{requests}\n}},\n"packages": [\n{packages}\n]\n}}\n'


def parse(text: str) -> Lock:
    """Reads what `to_json` wrote. Raises LockError."""
    try:
        document = json.loads(text)
        if document["format"] != _FORMAT:
            raise LockError("the Debian lock", [f"format {document['format']}, this program knows {_FORMAT}"])
        return Lock(
            document["codename"],
            document["timestamp"],
            document["snapshot"],
            document["requests"],
            tuple(
                LockedPackage(**line | {"depends": tuple(line["depends"]), "sets": tuple(line["sets"])})
                for line in document["packages"]
            ),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise LockError("the Debian lock", [f"cannot be read: {error!r}"]) from error


def _fields(package: LockedPackage) -> dict[str, object]:
    return {name: value for name, value in vars(package).items() if value is not None}
