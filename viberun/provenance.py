"""Holds a manifest against the signature beside it: whether a trusted repository's release workflow vouches for the build."""

from __future__ import annotations

import hashlib
from datetime import datetime

from viberun.manifest import Manifest
from viberun.sigstore import bundle, release_workflow
from viberun.sigstore.release_workflow import Repository, Signer
from viberun.sigstore.trusted_root import TrustedRoot


def check(
    manifest: Manifest, content: bytes, signature: bytes, trusted: Repository, root: TrustedRoot, now: datetime
) -> Signer:
    """Returns who signed the manifest that was read from `content`.

    `signature` is the file called `manifest.signature_name`, `now` has a time zone. Raises SignatureError unless the trusted
    repository's workflow vouches for these very bytes, as a build of the commit, channel and version that they tell of.
    """
    build = manifest.build
    said = release_workflow.Build(
        manifest.name,
        hashlib.sha256(content).hexdigest(),
        build.repository or "",
        build.commit,
        None if build.channel == "dev" else build.version.git,
    )
    return release_workflow.check(bundle.verify(signature, root, now), said, trusted)
