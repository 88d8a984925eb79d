"""A build that was signed as a release is, and what is true of it."""

import json
from base64 import b64decode, b64encode
from copy import deepcopy
from datetime import datetime, timezone
from typing import Any

from tests.sigstore.claims import COMMIT, Claims
from tests.sigstore.signing import Services, statement
from viberun.sigstore.bundle import Signed, verify
from viberun.sigstore.release_workflow import Build, Repository
from viberun.sigstore.trusted_root import TrustedRoot

AT = datetime(2026, 11, 28, 12, tzinfo=timezone.utc)
BUILD = Build("viberun-0.0.0-dev.20261128120000-5a21af2.json", "ab" * 32, "acme/viberun", COMMIT, tag=None)
TRUSTED = Repository("acme/viberun", "900100200")
SERVICES = Services()
ROOT = TrustedRoot.parse(SERVICES.trusted_root())


def bundle(claims: Claims = Claims(), at: datetime = AT, **how: Any) -> dict[str, Any]:  # noqa: B008 (frozen)
    return SERVICES.sign(statement(BUILD.name, BUILD.sha256), claims, at, **how)


def verified(fields: Any, root: TrustedRoot = ROOT, now: datetime = AT) -> Signed:
    return verify(json.dumps(fields).encode(), root, now)


class Changed:
    """A copy of a bundle in which something is put in another one's place, by a path with dots."""

    def __init__(self, fields: dict[str, Any]) -> None:
        self.fields = deepcopy(fields)

    def __getitem__(self, path: str) -> Any:
        place: Any = self.fields
        for step in path.split("."):
            place = place[int(step) if step.isdigit() else step]
        return place

    def put(self, path: str, value: Any) -> "Changed":
        above, _, last = path.rpartition(".")
        place: Any = self[above] if above else self.fields
        place[int(last) if last.isdigit() else last] = value
        return self

    def drop(self, path: str) -> "Changed":
        above, _, last = path.rpartition(".")
        del (self[above] if above else self.fields)[last]
        return self

    def flip(self, path: str, at: int = -1) -> "Changed":
        """Changes a bit of what is base64 there."""
        data = bytearray(b64decode(self[path]))
        data[at] ^= 1
        return self.put(path, b64encode(bytes(data)).decode())
