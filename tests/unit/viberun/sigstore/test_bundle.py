"""What must be right in a bundle: each thing wrong once, and refused for that."""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from importlib.resources import files
from typing import Any

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.sigstore.claims import identity
from tests.sigstore.instance import Instance
from tests.unit.viberun.sigstore.signed import AT, INSTANCE, JOB, ROOT, Changed, bundle, verified
from viberun.sigstore.bundle import MOST_BYTES, verify
from viberun.sigstore.errors import SignatureError
from viberun.sigstore.trusted_root import Span, TrustedRoot

GENUINE = bundle()
OTHER = bundle()
_MATERIAL, _ENVELOPE = "verificationMaterial", "dsseEnvelope"
_ENTRY = f"{_MATERIAL}.tlogEntries.0"
_PROOF = f"{_ENTRY}.inclusionProof"
_MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize("how", [{}, {"stamped": [AT]}, {"log": 2}], ids=["v1", "v1, stamped", "v2"])
def test_a_genuine_bundle_is_taken(how: dict[str, Any]) -> None:
    signed = verified(bundle(**how))
    assert json.loads(signed.payload)["predicateType"] == "https://slsa.dev/provenance/v1"
    assert (signed.kind, signed.time) == ("application/vnd.in-toto+json", AT)
    assert signed.certificate.names == [identity(JOB)]


def test_the_earliest_time_that_is_proved_counts() -> None:
    assert verified(bundle(stamped=(AT + _MINUTE, AT + 2 * _MINUTE))).time == AT
    assert verified(bundle(log=2, stamped=(AT + 2 * _MINUTE, AT + _MINUTE))).time == AT + _MINUTE


@pytest.mark.parametrize("log", [1, 2])
def test_each_time_must_be_right(log: int) -> None:
    for late in (AT - _MINUTE, AT + 11 * _MINUTE):
        with pytest.raises(SignatureError, match="the certificate was not valid when it was used"):
            verified(bundle(log=log, stamped=(AT, late)), now=AT + 20 * _MINUTE)


def test_what_is_not_known_is_not_read() -> None:
    assert verified({**GENUINE, "somethingNew": [1]}).time == AT


_CHANGES: dict[str, tuple[Callable[[Changed], Changed], str]] = {
    "another media type": (
        lambda it: it.put("mediaType", "application/vnd.dev.sigstore.bundle.v0.4+json"),
        "the signature is of a kind that is not known",
    ),
    "another payload": (
        lambda it: it.put(f"{_ENVELOPE}.payload", "e30="),
        "the signature does not fit",
    ),
    "another payload type": (lambda it: it.put(f"{_ENVELOPE}.payloadType", "text/plain"), "the signature does not fit"),
    "another signature": (lambda it: it.flip(f"{_ENVELOPE}.signatures.0.sig"), "the signature does not fit"),
    "no signature": (lambda it: it.put(f"{_ENVELOPE}.signatures", []), "the signature can't be read"),
    "two signatures": (
        lambda it: it.put(f"{_ENVELOPE}.signatures", 2 * it[f"{_ENVELOPE}.signatures"]),
        "the signature can't be read",
    ),
    "no envelope": (lambda it: it.drop(_ENVELOPE), "the signature can't be read"),
    "another's certificate": (
        lambda it: it.put(f"{_MATERIAL}.certificate", OTHER[_MATERIAL]["certificate"]),
        "the signature does not fit",
    ),
    "a changed certificate": (
        lambda it: it.flip(f"{_MATERIAL}.certificate.rawBytes", 20),
        "the certificate is of nobody who is trusted",
    ),
    "no entry": (lambda it: it.put(f"{_MATERIAL}.tlogEntries", []), "the signature can't be read"),
    "two entries": (
        lambda it: it.put(f"{_MATERIAL}.tlogEntries", 2 * it[f"{_MATERIAL}.tlogEntries"]),
        "the signature can't be read",
    ),
    "another's entry": (
        lambda it: it.put(_ENTRY, OTHER[_MATERIAL]["tlogEntries"][0]),
        "the log's entry is about something else",
    ),
    "another log": (lambda it: it.flip(f"{_ENTRY}.logId.keyId"), "it stands in a log that is not known"),
    "an entry of two kinds": (
        lambda it: it.put(f"{_ENTRY}.kindVersion.kind", "hashedrekord"),
        "the log's entry is of two kinds",
    ),
    "another time": (
        lambda it: it.put(f"{_ENTRY}.integratedTime", str(int(it[f"{_ENTRY}.integratedTime"]) + 60)),
        "the log did not promise to take it",
    ),
    "another number in the log": (
        lambda it: it.put(f"{_ENTRY}.logIndex", str(int(it[f"{_ENTRY}.logIndex"]) + 1)),
        "the log did not promise to take it",
    ),
    "another promise": (
        lambda it: it.flip(f"{_ENTRY}.inclusionPromise.signedEntryTimestamp"),
        "the log did not promise to take it",
    ),
    "no promise": (lambda it: it.drop(f"{_ENTRY}.inclusionPromise"), "nobody says when it was signed"),
    "no proof": (lambda it: it.drop(_PROOF), "the signature can't be read"),
    "another place in the tree": (
        lambda it: it.put(f"{_PROOF}.logIndex", str(int(it[f"{_PROOF}.logIndex"]) - 1)),
        "it does not stand in the log",
    ),
    "another root": (lambda it: it.flip(f"{_PROOF}.rootHash"), "it does not stand in the log"),
    "another path": (lambda it: it.flip(f"{_PROOF}.hashes.0"), "it does not stand in the log"),
    "another's checkpoint": (
        lambda it: it.put(f"{_PROOF}.checkpoint", OTHER[_MATERIAL]["tlogEntries"][0]["inclusionProof"]["checkpoint"]),
        "the log's checkpoint is of another tree",
    ),
    "a checkpoint that nobody signed": (
        lambda it: it.put(
            f"{_PROOF}.checkpoint.envelope", it[f"{_PROOF}.checkpoint.envelope"].partition("\n\n")[0] + "\n\n"
        ),
        "the log did not sign its checkpoint",
    ),
    "a checkpoint of another name": (
        lambda it: it.put(f"{_PROOF}.checkpoint.envelope", "x" + it[f"{_PROOF}.checkpoint.envelope"]),
        "the log did not sign its checkpoint",
    ),
    "base64 with a line's end": (
        lambda it: it.put(f"{_ENVELOPE}.payload", it[f"{_ENVELOPE}.payload"] + "\n"),
        "the signature can't be read",
    ),
}


@pytest.mark.parametrize(("change", "why"), _CHANGES.values(), ids=_CHANGES.keys())
def test_a_changed_bundle_is_refused(change: Callable[[Changed], Changed], why: str) -> None:
    with pytest.raises(SignatureError, match=why):
        verified(change(Changed(GENUINE)).fields)


_STAMPED = bundle(log=2)
_STAMP = f"{_MATERIAL}.timestampVerificationData.rfc3161Timestamps"
_NOBODYS = "a timestamp is of nobody who is trusted, or of something else"
_STAMP_CHANGES: dict[str, tuple[Callable[[Changed], Changed], str]] = {
    "no stamp": (lambda it: it.put(_STAMP, []), "nobody says when it was signed"),
    "another's stamp": (
        lambda it: it.put(_STAMP, bundle(log=2)[_MATERIAL]["timestampVerificationData"]["rfc3161Timestamps"]),
        _NOBODYS,
    ),
    "a changed signature": (lambda it: it.flip(f"{_STAMP}.0.signedTimestamp"), _NOBODYS),
    "a stamp with something after it": (
        lambda it: it.put(
            f"{_STAMP}.0.signedTimestamp", b64encode(b64decode(it[f"{_STAMP}.0.signedTimestamp"]) + b"0").decode()
        ),
        "the signature can't be read",
    ),
    "a changed time": (lambda it: it.put(f"{_STAMP}.0.signedTimestamp", _an_hour_earlier(it)), _NOBODYS),
    "too many stamps": (lambda it: it.put(_STAMP, 9 * it[_STAMP]), "it has too many timestamps"),
    "a stamp twice": (lambda it: it.put(_STAMP, 2 * it[_STAMP]), "it has too many timestamps, or one twice"),
    "two numbers in the log": (lambda it: it.put(f"{_ENTRY}.logIndex", "1"), "the log's entry has two numbers"),
}


def _an_hour_earlier(it: Changed) -> str:
    raw = b64decode(it[f"{_STAMP}.0.signedTimestamp"])
    assert raw.count(b"20261128120000Z") == 1
    return b64encode(raw.replace(b"20261128120000Z", b"20261128110000Z")).decode()


@pytest.mark.parametrize(("change", "why"), _STAMP_CHANGES.values(), ids=_STAMP_CHANGES.keys())
def test_a_changed_stamp_is_refused(change: Callable[[Changed], Changed], why: str) -> None:
    with pytest.raises(SignatureError, match=why):
        verified(change(Changed(_STAMPED)).fields)


@pytest.mark.parametrize(
    "text", [b"", b"null", b"[]", b"{}", b'{"mediaType": 1}', b"\xff", b"[" * 100_000, json.dumps(GENUINE).encode() * 2]
)
def test_what_is_no_bundle_is_refused(text: bytes) -> None:
    with pytest.raises(SignatureError):
        verify(text, ROOT, AT)


def test_a_bundle_that_is_too_large_is_refused() -> None:
    with pytest.raises(SignatureError, match=f"the signature has more than {MOST_BYTES} bytes"):
        verified({**GENUINE, "somethingNew": "x" * MOST_BYTES})


def test_a_key_that_stands_twice_is_refused() -> None:
    text = json.dumps(GENUINE)
    with pytest.raises(SignatureError, match="a key twice"):
        verify(f'{{"mediaType": "", {text[1:]}'.encode(), ROOT, AT)


def test_a_certificate_that_stands_in_no_log_is_refused() -> None:
    with pytest.raises(SignatureError, match="the certificate stands in no log that is known"):
        verified(bundle(logged=False))


def test_a_certificate_for_something_else_is_refused() -> None:
    with pytest.raises(SignatureError, match="the certificate is not for signing programs"):
        verified(bundle(purpose=ExtendedKeyUsageOID.SERVER_AUTH))


def test_a_certificate_is_good_for_ten_minutes() -> None:
    fields = bundle(log=2, stamped=(AT + 10 * _MINUTE,))
    assert verified(fields).time == AT + 10 * _MINUTE
    with pytest.raises(SignatureError, match="the certificate was not valid when it was used"):
        verified(bundle(log=2, stamped=(AT + 10 * _MINUTE + timedelta(seconds=1),)))


def test_services_that_are_not_known_are_not_trusted() -> None:
    with pytest.raises(SignatureError, match="the certificate is of nobody who is trusted"):
        verified(GENUINE, TrustedRoot.parse(json.dumps(Instance().trusted_root())))


_BEFORE = Span(AT - 2 * _MINUTE, AT - _MINUTE)


@pytest.mark.parametrize(
    ("root", "why"),
    [
        (
            replace(ROOT, certificate_authorities=(replace(ROOT.certificate_authorities[0], span=_BEFORE),)),
            "the certificate is of nobody who is trusted",
        ),
        (
            replace(ROOT, certificate_logs=(replace(ROOT.certificate_logs[0], span=_BEFORE),)),
            "the certificate stands in no log that is known",
        ),
        (
            replace(ROOT, transparency_logs=tuple(replace(log, span=_BEFORE) for log in ROOT.transparency_logs)),
            "it stands in a log that was not trusted then",
        ),
        (
            replace(ROOT, timestamp_authorities=(replace(ROOT.timestamp_authorities[0], span=_BEFORE),)),
            "a timestamp is of nobody who is trusted",
        ),
    ],
    ids=["authority", "certificate log", "log", "stamps"],
)
def test_services_are_trusted_for_a_time(root: TrustedRoot, why: str) -> None:
    with pytest.raises(SignatureError, match=why):
        verified(_STAMPED, root)


def test_what_was_signed_in_the_future_is_refused() -> None:
    assert verified(GENUINE, now=AT - timedelta(hours=23)).time == AT
    with pytest.raises(SignatureError, match="it was signed in the future, on 2026-11-28"):
        verified(GENUINE, now=AT - timedelta(hours=25))


def test_what_a_root_does_not_know_is_left_out() -> None:
    fields: Any = INSTANCE.trusted_root()
    new = deepcopy(fields["tlogs"][0])
    new["publicKey"]["rawBytes"] = "MAA="
    fields["tlogs"].insert(0, new)
    root = TrustedRoot.parse(json.dumps(fields))
    assert len(root.transparency_logs) == 2
    assert verified(GENUINE, root).time == AT


def test_the_public_root_is_read_whole() -> None:
    """That of the package with which releases are signed: of what stands in it nothing is left out."""
    text = (files("sigstore") / "_store" / "https%3A%2F%2Ftuf-repo-cdn.sigstore.dev" / "trusted_root.json").read_text()
    root, fields = TrustedRoot.parse(text), json.loads(text)
    assert len(root.certificate_authorities) == len(fields["certificateAuthorities"])
    assert len(root.timestamp_authorities) == len(fields["timestampAuthorities"])
    assert len(root.certificate_logs) == len(fields["ctlogs"])
    assert len(root.transparency_logs) == len(fields["tlogs"])
