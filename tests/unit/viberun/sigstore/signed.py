"""A build that was signed as a release is, and what is true of it."""

import json
from base64 import b64decode, b64encode
from copy import deepcopy
from datetime import datetime, timezone
from typing import Any

from tests.sigstore.claims import Claims, claims
from tests.sigstore.instance import Instance
from tests.sigstore.signing import sign
from viberun.sigstore.bundle import Signed, verify
from viberun.sigstore.release_workflow import Build, Repository
from viberun.sigstore.trusted_root import TrustedRoot

AT = datetime(2026, 11, 28, 12, tzinfo=timezone.utc)
JOB = claims()
BUILD = Build("viberun-0.0.0-dev.20261128120000-5a21af2.json", "ab" * 32, "acme/viberun", JOB["sha"], tag=None)
TRUSTED = Repository("acme/viberun", "900100200")
INSTANCE = Instance()
ROOT = TrustedRoot.parse(json.dumps(INSTANCE.trusted_root()))


def statement(manifest: str = BUILD.name, sha256: str = BUILD.sha256) -> bytes:
    """Provenance of a build, by the name and the digest of its manifest."""
    subjects = {"viberun-0.0.0.tgz": "cd" * 32, manifest: sha256}
    fields = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": name, "digest": {"sha256": digest}} for name, digest in subjects.items()],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {"buildDefinition": {}, "runDetails": {}},
    }
    return json.dumps(fields).encode()


def bundle(of: Claims = JOB, **how: Any) -> dict[str, Any]:
    """How: as `sign` has it."""
    fields: dict[str, Any] = json.loads(sign(INSTANCE, statement(), of, AT, **how))
    return fields


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
