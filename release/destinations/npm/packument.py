"""What a registry has of one package, by npm's registry API (github.com/npm/registry, package-metadata.md)."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from release.transport.http import Http, Request, read
from viberun.errors import VersionError
from viberun.version import Version

_ABBREVIATED = "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8"


@dataclass(frozen=True)
class Tarball:
    """The bytes of a version: `integrity` (w3.org/TR/SRI), or `shasum`, sha1, from before there was that."""

    integrity: str | None
    shasum: str | None

    def is_of(self, package: Path | bytes) -> bool:
        """Tells whether the file has these bytes."""
        content = package if isinstance(package, bytes) else package.read_bytes()
        if self.integrity is None:
            return self.shasum == hashlib.sha1(content, usedforsecurity=False).hexdigest()
        algorithm, _, digest = self.integrity.partition("-")
        hashed = hashlib.new(algorithm, content, usedforsecurity=False).digest()
        return digest == base64.b64encode(hashed).decode()

    def __str__(self) -> str:
        return self.integrity or f"sha1-{self.shasum}"


@dataclass(frozen=True)
class Packument:
    """Versions with their tarballs, and dist-tags with their versions."""

    versions: Mapping[str, Tarball]
    tags: Mapping[str, str]

    def tagged(self, tag: str) -> Version | None:
        """Tells what a dist-tag names. Raises VersionError where that is no version of viberun."""
        named = self.tags.get(tag)
        if named is None:
            return None
        try:
            return Version.parse(named)
        except VersionError as error:
            raise VersionError(
                f"the dist-tag {tag} names {named}, which is no version of viberun",
                remedy="see who else publishes this package",
            ) from error


def fetch(http: Http, registry: str, package: str) -> Packument | None:
    """Gets it as anybody sees it, past caches; None where there is no such package. Raises HttpError, UnansweredError."""
    headers = {"Accept": _ABBREVIATED, "Cache-Control": "no-cache"}
    answer = http.download(Request("GET", f"{registry}{package}", headers, accepted=(200, 404)))
    if answer.status == 404:
        return None
    return read(answer, _packument)


def _packument(fields: Any) -> Packument | None:
    dists = {version: entry["dist"] for version, entry in fields.get("versions", {}).items()}
    versions = {version: Tarball(dist.get("integrity"), dist.get("shasum")) for version, dist in dists.items()}
    return Packument(versions, dict(fields.get("dist-tags", {}))) if versions else None
