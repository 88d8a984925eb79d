"""GitHub's list of container packages, of what the real registry has: it deletes there too."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.error import HTTPError
from urllib.request import Request

from release.destinations.ghcr.image import ACCEPTED
from tests.release.github.state import NOT_FOUND, PackageVersion, RefusedError
from tests.release.remote.stack import USER, Stack
from tests.release.remote.whole import get, send


@dataclass
class RegistryPackages:
    """`untagged` are digests that no tag leads to, `new` those just pushed (others are two days old), `popular` are refused."""

    servers: Stack
    untagged: set[str] = field(default_factory=set)
    new: set[str] = field(default_factory=set)
    popular: set[str] = field(default_factory=set)
    _ids: dict[int, str] = field(default_factory=dict)

    def versions(self, repository: str) -> Sequence[PackageVersion]:
        tags = dict[str, list[str]]()
        for tag in json.loads(self.get(repository, "tags/list"))["tags"] or ():
            tags.setdefault(self.digest(repository, tag), []).append(tag)
        found = dict[str, tuple[str, ...]]()
        for digest in (*tags, *sorted(self.untagged)):
            self._add(repository, digest, found)
        for digest, names in tags.items():
            found[digest] = tuple(names)
        return [self._version(repository, digest, names) for digest, names in found.items()]

    def delete(self, repository: str, version: int) -> None:
        digest = self._ids.get(version)
        if digest is None:
            raise NOT_FOUND
        if digest in self.popular:
            raise RefusedError(
                400, "Publicly visible package versions with more than 5000 downloads cannot be deleted."
            )
        send(Request(self._url(repository, f"manifests/{digest}"), headers=self.headers(repository), method="DELETE"))

    def get(self, repository: str, path: str) -> bytes:
        return get(self._url(repository, path), **self.headers(repository), Accept=", ".join(ACCEPTED))

    def digest(self, repository: str, reference: str) -> str:
        url, accept = self._url(repository, f"manifests/{reference}"), {"Accept": ", ".join(ACCEPTED)}
        return send(Request(url, headers=self.headers(repository) | accept, method="HEAD"))["Docker-Content-Digest"]

    def children(self, repository: str, digest: str) -> Sequence[str] | None:
        """The digests that a manifest names as manifests; None where it is not there."""
        try:
            manifest = json.loads(self.get(repository, f"manifests/{digest}"))
        except HTTPError as error:
            if error.code == 404:
                return None
            raise
        return [child["digest"] for child in manifest.get("manifests", ())]

    def headers(self, repository: str) -> dict[str, str]:
        """Those of whoever may do everything."""
        token = self.servers.tokens.token(USER, (f"repository:{repository}:pull,push,delete",))
        return {"Authorization": f"Bearer {token}"}

    def _add(self, repository: str, digest: str, found: dict[str, tuple[str, ...]]) -> None:
        """Adds a manifest and what it names, as far as it is there."""
        children = self.children(repository, digest)
        if children is not None:
            found[digest] = ()
            for child in children:
                self._add(repository, child, found)

    def _version(self, repository: str, digest: str, tags: tuple[str, ...]) -> PackageVersion:
        number = next((each for each, known in self._ids.items() if known == digest), len(self._ids) + 1)
        self._ids[number] = digest
        age = timedelta(hours=1 if digest in self.new else 48)
        created: datetime = self.servers.github.repository.clock() - age
        return PackageVersion(number, repository.partition("/")[2], digest, tags, created)

    def _url(self, repository: str, path: str) -> str:
        return f"{self.servers.registry.url}/v2/{repository}/{path}"
