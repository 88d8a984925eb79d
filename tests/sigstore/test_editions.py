"""What is signed here for an edition is what the client asks of a release, by the root that the editions are built with."""

import datetime
import hashlib
import json
import os
from pathlib import Path

import pytest

from tests.sigstore.editions import signature, signature_name
from viberun.sigstore.bundle import verify
from viberun.sigstore.errors import SignatureError
from viberun.sigstore.release_workflow import Build, Repository, check
from viberun.sigstore.trusted_root import TrustedRoot

COMMIT = "0ae0002000000000000000000000000000000000"
BUILDS = {
    "dev": ("0.0.0-dev.20260126080000+0ae0002", "0.0.0-dev.20260126080000-0ae0002", None),
    "prod": ("1.2.3", "1.2.3", "v1.2.3"),
}


def _manifest(channel: str) -> bytes:
    version, oci, _ = BUILDS[channel]
    files = [{"name": "client.tar.gz", "sha256": "a" * 64}]
    images = {"viberun": {"digest": f"sha256:{'b' * 64}"}}
    says = {"channel": channel, "repository": "example/viberun", "version": version, "commit": COMMIT}
    says["committed"] = "2026-01-26T08:00:00Z"
    return json.dumps({**says, "spellings": {"oci": oci}, "files": files, "images": images}).encode()


def _check(channel: str, manifest: bytes, bundle: bytes) -> str:
    root = TrustedRoot.parse(Path(os.environ["VIBERUN_TRUSTED_ROOT"]).read_text())
    _, oci, tag = BUILDS[channel]
    build = Build(f"viberun-{oci}.json", hashlib.sha256(manifest).hexdigest(), "example/viberun", COMMIT, tag)
    signed = verify(bundle, root, datetime.datetime.now(datetime.UTC))
    return check(signed, build, Repository("example/viberun")).repository


@pytest.mark.parametrize("channel", BUILDS)
def test_a_manifest_is_signed_as_the_release_workflow_signs_it(channel: str) -> None:
    manifest = _manifest(channel)
    assert _check(channel, manifest, signature(manifest)) == "example/viberun"
    assert signature_name(manifest) == f"viberun-{BUILDS[channel][1]}.intoto.jsonl"


@pytest.mark.parametrize("channel", BUILDS)
def test_another_job_or_manifest_is_refused(channel: str) -> None:
    manifest = _manifest(channel)
    for bundle in (signature(manifest, event_name="workflow_dispatch"), signature(manifest + b"\n")):
        with pytest.raises(SignatureError):
            _check(channel, manifest, bundle)
