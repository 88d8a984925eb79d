"""Builds that their release workflow signed, with an instance of Sigstore that is known to no other."""

from __future__ import annotations

import hashlib
import json

from tests.sigstore.claims import Claims, claims
from tests.sigstore.instance import Instance
from tests.sigstore.signing import sign
from viberun.manifest import Manifest

INSTANCE = Instance()
ROOT = json.dumps(INSTANCE.trusted_root())
NUMBER = "900100200"


def job(manifest: Manifest, **varied: str) -> Claims:
    """The run of the release workflow that makes this build, but for what is `varied`."""
    build = manifest.build
    ref = "refs/heads/main" if build.channel == "dev" else f"refs/tags/{build.version.git}"
    return claims(**{"repository": str(build.repository), "ref": ref, "sha": build.commit, **varied})


def signature(manifest: Manifest, of: Claims | None = None, instance: Instance = INSTANCE) -> bytes:
    """What stands beside the manifest: one signature over it and its files, of just now."""
    subjects = {file.name: file.sha256 for file in manifest.files}
    subjects[manifest.name] = hashlib.sha256(manifest.to_json().encode()).hexdigest()
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": name, "digest": {"sha256": digest}} for name, digest in subjects.items()],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {"buildDefinition": {}, "runDetails": {}},
    }
    return sign(instance, json.dumps(statement).encode(), of or job(manifest))
