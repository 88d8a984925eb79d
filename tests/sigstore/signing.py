"""Signs statements with an instance in this process: no HTTP, a bundle in milliseconds.

https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_bundle.proto
https://github.com/secure-systems-lab/dsse/blob/master/protocol.md
"""

import datetime
import hashlib
import json
from collections.abc import Sequence
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from tests.sigstore import keys
from tests.sigstore.claims import Claims
from tests.sigstore.instance import Instance, LogVersion
from tests.sigstore.log import base64_of

PAYLOAD_TYPE = "application/vnd.in-toto+json"


def sign(
    instance: Instance,
    statement: bytes,
    claims: Claims,
    at: datetime.datetime | None = None,
    *,
    log: LogVersion = 1,
    stamped: Sequence[datetime.datetime] | None = None,
    certified: datetime.datetime | None = None,
    payload_type: str = PAYLOAD_TYPE,
    curve: ec.EllipticCurve | None = None,
    **certificate: Any,
) -> bytes:
    """A bundle (v0.3, JSON of one line without its end) with the statement in a DSSE envelope.

    `at`: when it is logged and stamped, now by default; `certified`: when the certificate was issued, as a rule `at` too;
    `curve`: of the key that it is for, as a rule P-256;
    `certificate`: more of it, as `CertificateAuthority.issue` has it. `stamped`: the times of its stamps, as a rule one if the
    log's version is 2, which says no time itself.
    """
    at = at or datetime.datetime.now(datetime.UTC)
    key = ec.generate_private_key(curve or ec.SECP256R1())
    issued = instance.authority.issue(key.public_key(), claims, certified or at, **certificate)
    message = b"DSSEv1 %d %b %d %b" % (len(payload_type), payload_type.encode(), len(statement), statement)
    signature = keys.sign(key, message)
    envelope = {
        "payload": base64_of(statement),
        "payloadType": payload_type,
        "signatures": [{"sig": base64_of(signature)}],
    }
    in_der = issued.public_bytes(Encoding.DER)
    if log == 1:
        entry = instance.log_v1.add_envelope(json.dumps(envelope).encode(), issued.public_bytes(Encoding.PEM), at)
    else:
        entry = instance.log_v2.add(hashlib.sha256(message).digest(), signature, in_der)
    material: dict[str, object] = {
        "certificate": {"rawBytes": base64_of(in_der)},
        "tlogEntries": [entry.in_bundle()],
    }
    if stamped is None:
        stamped = [at] if log == 2 else []
    digest = hashlib.sha256(signature).digest()
    if stamps := [{"signedTimestamp": base64_of(instance.stamps.stamp(digest, time))} for time in stamped]:
        material["timestampVerificationData"] = {"rfc3161Timestamps": stamps}
    bundle = {
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": material,
        "dsseEnvelope": envelope,
    }
    return json.dumps(bundle, separators=(",", ":")).encode()
