"""A Sigstore bundle with a signed envelope (sigstore/protobuf-specs, Bundle v0.3; DSSE 1.0): who signed what, and when."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from viberun.sigstore import strict, timestamp
from viberun.sigstore.certificate import CODE_SIGNING, Certificate
from viberun.sigstore.certificate_log import is_logged
from viberun.sigstore.errors import SignatureError, UnknownError
from viberun.sigstore.transparency_log import Entry
from viberun.sigstore.trusted_root import TrustedRoot

MOST_BYTES = 256 * 1024
_MEDIA_TYPES = (
    "application/vnd.dev.sigstore.bundle.v0.3+json",
    "application/vnd.dev.sigstore.bundle+json;version=0.3",
)
_MOST_STAMPS = 8
_BEHIND = timedelta(hours=24)  # how far this machine's clock may be


@dataclass(frozen=True)
class Signed:
    """`payload`, of the media type `kind`, was signed by the holder of `certificate`, at the earliest `time` that is proved."""

    kind: str
    payload: bytes
    certificate: Certificate
    time: datetime
    log_index: int


def verify(text: bytes, root: TrustedRoot, now: datetime) -> Signed:
    """What the bundle `text` says, once all of it is found right: the certificate is of an authority that was trusted when it
    was used, and stands in a log; the signature fits, is of that time, and stands in a log as this very one. Whose it is may
    then be asked of the certificate.

    Raises SignatureError, for whatever is wrong.
    """
    if len(text) > MOST_BYTES:
        raise SignatureError(f"the signature has more than {MOST_BYTES} bytes")
    try:
        return _verify(strict.loads(text), root, now)
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, OSError, RecursionError) as error:
        raise SignatureError(f"the signature can't be read ({type(error).__name__}: {error})") from error


def _verify(fields: Mapping[str, Any], root: TrustedRoot, now: datetime) -> Signed:
    if fields["mediaType"] not in _MEDIA_TYPES:
        raise UnknownError(f"the signature is of a kind that is not known: {fields['mediaType']!a}")
    material = fields["verificationMaterial"]
    certificate = Certificate(strict.decoded(material["certificate"]["rawBytes"]))
    (entry_fields,) = material["tlogEntries"]
    entry, envelope = Entry(entry_fields), _Envelope.parse(fields["dsseEnvelope"])
    times = [*_stamped(material, envelope.signature, root), *([entry.time] if entry.time else [])]
    if not times:
        raise SignatureError("nobody says when it was signed")
    if max(times) > now + _BEHIND:
        raise SignatureError(f"it was signed in the future, on {max(times):%Y-%m-%d}")
    _check_certificate(certificate, times, root)
    entry.check(root.transparency_logs, times)
    if not certificate.key.verifies(envelope.signed, envelope.signature):
        raise SignatureError("the signature does not fit")
    if not _is_about(entry, certificate, envelope):
        raise SignatureError("the log's entry is about something else")
    return Signed(envelope.kind, envelope.payload, certificate, min(times), entry.log_index)


@dataclass(frozen=True)
class _Envelope:
    kind: str
    payload: bytes
    signature: bytes

    @classmethod
    def parse(cls, fields: Mapping[str, Any]) -> _Envelope:
        (signature,) = fields["signatures"]
        return cls(fields["payloadType"], strict.decoded(fields["payload"]), strict.decoded(signature["sig"]))

    @property
    def signed(self) -> bytes:
        """What the signature is over: DSSE's pre-authentication encoding."""
        kind = self.kind.encode()
        return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(self.payload), self.payload)


def _stamped(material: Mapping[str, Any], signature: bytes, root: TrustedRoot) -> Iterator[datetime]:
    stamps = material.get("timestampVerificationData", {}).get("rfc3161Timestamps", [])
    if len(stamps) > _MOST_STAMPS or len({stamp["signedTimestamp"] for stamp in stamps}) != len(stamps):
        raise SignatureError("it has too many timestamps, or one twice")
    for stamp in stamps:
        time = timestamp.time_of(strict.decoded(stamp["signedTimestamp"]), signature, root.timestamp_authorities)
        if time is None:
            raise SignatureError("a timestamp is of nobody who is trusted, or of something else")
        yield time


def _check_certificate(certificate: Certificate, times: Sequence[datetime], root: TrustedRoot) -> None:
    """Raises SignatureError unless it was right to sign a program with it at each of the times."""
    if not all(map(certificate.is_valid_at, times)):
        raise SignatureError("the certificate was not valid when it was used")
    if not certificate.signs_for(CODE_SIGNING):
        raise SignatureError("the certificate is not for signing programs")
    trusted = [each.chain[0] for each in root.certificate_authorities if all(map(each.is_trusted_at, times))]
    issuer = next((each for each in trusted if certificate.is_signed_by(each)), None)
    if issuer is None:
        raise UnknownError("the certificate is of nobody who is trusted")
    if not is_logged(certificate, issuer, root.certificate_logs):
        raise UnknownError("the certificate stands in no log that is known")


def _is_about(entry: Entry, certificate: Certificate, envelope: _Envelope) -> bool:
    """Whether what stands in the log is this very signature."""
    spec = entry.content["spec"]
    if entry.kind == ("dsse", "0.0.1"):
        about, (logged,) = spec["payloadHash"], spec["signatures"]
        digest = bytes.fromhex(about["value"]) if about["algorithm"] == "sha256" else b""
        signature, held = logged["signature"], _of_pem(logged["verifier"])
        wanted = hashlib.sha256(envelope.payload).digest()
    elif entry.kind == ("hashedrekord", "0.0.2"):
        about, logged = spec["hashedRekordV002"]["data"], spec["hashedRekordV002"]["signature"]
        digest = strict.decoded(about["digest"]) if about["algorithm"] == "SHA2_256" else b""
        signature, held = logged["content"], strict.decoded(logged["verifier"]["x509Certificate"]["rawBytes"])
        wanted = hashlib.sha256(envelope.signed).digest()
    else:
        raise UnknownError(f"the log's entry is of a kind that is not known: {' '.join(map(str, entry.kind))}")
    return (digest, strict.decoded(signature), held) == (wanted, envelope.signature, certificate.raw)


def _of_pem(encoded: str) -> bytes:
    """The certificate in what is base64 of its PEM (RFC 7468)."""
    first, *lines, last = strict.decoded(encoded).decode("ascii").rstrip("\n").split("\n")
    if (first, last) != ("-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"):
        raise SignatureError("the log's entry has no certificate")
    return strict.decoded("".join(lines))
