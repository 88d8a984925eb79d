from __future__ import annotations

import datetime
import hashlib
import json
from dataclasses import replace

import pytest

from tests.sigstore.claims import claims
from tests.sigstore.instance import Instance
from tests.sigstore.signing import sign
from tests.unit.viberun.installed import BUILD
from viberun import provenance
from viberun.build import Build
from viberun.manifest import Manifest
from viberun.sigstore.errors import SignatureError
from viberun.sigstore.release_workflow import Repository
from viberun.sigstore.trusted_root import TrustedRoot
from viberun.version import Version

INSTANCE = Instance()
ROOT = TrustedRoot.parse(json.dumps(INSTANCE.trusted_root()))
NOW = datetime.datetime.now(datetime.timezone.utc)
DEV = replace(BUILD, repository="acme/viberun")
PROD = Build(Version.prod("1.2.3"), "prod", BUILD.commit, BUILD.committed, "acme/viberun")


def manifest(build: Build) -> Manifest:
    return Manifest(build, "", (), {})


def signature(of: Manifest, ref: str) -> bytes:
    """What the release workflow's run for `ref` signs."""
    subject = {"name": of.name, "digest": {"sha256": hashlib.sha256(of.to_json().encode()).hexdigest()}}
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [subject],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {},
    }
    said = claims(repository=of.build.repository or "", ref=ref, sha=of.build.commit)
    return sign(INSTANCE, json.dumps(statement).encode(), said)


@pytest.mark.parametrize(("build", "ref"), [(DEV, "refs/heads/main"), (PROD, "refs/tags/v1.2.3")])
def test_the_run_of_main_vouches_for_dev_and_that_of_the_tag_for_prod(build: Build, ref: str) -> None:
    of = manifest(build)
    signer = provenance.check(of, of.to_json().encode(), signature(of, ref), Repository("acme/viberun"), ROOT, NOW)
    assert (signer.repository, signer.number) == ("acme/viberun", "900100200")


@pytest.mark.parametrize(
    ("build", "ref"), [(PROD, "refs/heads/main"), (DEV, "refs/tags/dev"), (PROD, "refs/tags/v1.2.4")]
)
def test_no_run_vouches_for_another_channel_or_version(build: Build, ref: str) -> None:
    of = manifest(build)
    with pytest.raises(SignatureError, match=f"the signer is .*@{ref}, not .*@refs/"):
        provenance.check(of, of.to_json().encode(), signature(of, ref), Repository("acme/viberun"), ROOT, NOW)


def test_bytes_that_were_not_signed_are_refused_though_they_say_the_same() -> None:
    of = manifest(DEV)
    content, signed = of.to_json().encode(), signature(of, "refs/heads/main")
    with pytest.raises(SignatureError, match="about another build"):
        provenance.check(of, content + b"\n", signed, Repository("acme/viberun"), ROOT, NOW)
