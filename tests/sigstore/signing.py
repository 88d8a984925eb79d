"""Signs as `sigstore` would with the public services, with stand-ins of them that are in this process."""

import hashlib
import json
from base64 import b64encode
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from tests.sigstore.authority import BEGINS, Authority
from tests.sigstore.claims import Claims
from tests.sigstore.log import LogV1, LogV2
from tests.sigstore.stamps import Stamps

IN_TOTO = "application/vnd.in-toto+json"
_SPAN = {"start": f"{BEGINS:%Y-%m-%dT%H:%M:%SZ}"}


class Services:
    """An authority, a log of each version of Rekor, and one that stamps times."""

    def __init__(self) -> None:
        self.authority, self.log, self.log_v2, self.stamps = Authority(), LogV1(), LogV2(), Stamps()

    def sign(
        self,
        statement: bytes,
        claims: Claims,
        at: datetime,
        *,
        v2: bool = False,
        stamped: tuple[datetime, ...] = (),
        **certificate: bool,
    ) -> dict[str, Any]:
        """A bundle (v0.3) over the statement, in the log of `v2` or of v1; `certificate` as `Authority.issue` has it."""
        key = ec.generate_private_key(ec.SECP256R1())
        issued = self.authority.issue(key.public_key(), claims, at, **certificate)
        signed = b"DSSEv1 %d %b %d %b" % (len(IN_TOTO), IN_TOTO.encode(), len(statement), statement)
        signature = key.sign(signed, ec.ECDSA(SHA256()))
        stamps = [{"signedTimestamp": _base64(self.stamps.stamp(signature, time))} for time in stamped]
        if v2:
            entry = self.log_v2.add(_entry_v2(signed, signature, issued))
        else:
            entry = self.log.add_at(_entry_v1(statement, signature, issued), at)
        return {
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": {
                "certificate": {"rawBytes": _base64(issued.public_bytes(Encoding.DER))},
                "tlogEntries": [entry],
                **({"timestampVerificationData": {"rfc3161Timestamps": stamps}} if stamps else {}),
            },
            "dsseEnvelope": {
                "payload": _base64(statement),
                "payloadType": IN_TOTO,
                "signatures": [{"sig": _base64(signature)}],
            },
        }

    def trusted_root(self) -> str:
        """The services as a trusted_root.json."""
        return json.dumps(
            {
                "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
                "tlogs": [
                    _log(self.log.spki, self.log.id, self.log.host, "PKIX_ECDSA_P256_SHA_256"),
                    _log(self.log_v2.spki, self.log_v2.id, self.log_v2.host, "PKIX_ED25519"),
                ],
                "certificateAuthorities": [_authority("fulcio.tests", self.authority.issuer, self.authority.root)],
                "ctlogs": [_log(self.authority.log_spki, None, "ctlog.tests", "PKIX_ECDSA_P256_SHA_256")],
                "timestampAuthorities": [_authority("stamps.tests", self.stamps.certificate, self.stamps.root)],
            }
        )


def statement(manifest: str, sha256: str) -> bytes:
    """Provenance of a build, by the name and the digest of its manifest."""
    fields = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [
            {"name": "viberun-0.0.0.tgz", "digest": {"sha256": hashlib.sha256(b"").hexdigest()}},
            {"name": manifest, "digest": {"sha256": sha256}},
        ],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {"buildDefinition": {}, "runDetails": {}},
    }
    return json.dumps(fields).encode()


def _entry_v1(payload: bytes, signature: bytes, certificate: x509.Certificate) -> dict[str, Any]:
    """What stands in the log of a signature: Rekor's kind `dsse`."""
    spec = {
        "envelopeHash": _sha256(signature),
        "payloadHash": _sha256(payload),
        "signatures": [{"signature": _base64(signature), "verifier": _base64(certificate.public_bytes(Encoding.PEM))}],
    }
    return {"apiVersion": "0.0.1", "kind": "dsse", "spec": spec}


def _entry_v2(signed: bytes, signature: bytes, certificate: x509.Certificate) -> dict[str, Any]:
    """The same in Rekor v2: its kind `hashedrekord`."""
    verifier = {"keyDetails": "PKIX_ECDSA_P256_SHA_256", "x509Certificate": _certificate(certificate)}
    spec = {
        "data": {"algorithm": "SHA2_256", "digest": _base64(hashlib.sha256(signed).digest())},
        "signature": {"content": _base64(signature), "verifier": verifier},
    }
    return {"apiVersion": "0.0.2", "kind": "hashedrekord", "spec": {"hashedRekordV002": spec}}


def _log(spki: bytes, identifier: bytes | None, host: str, details: str) -> dict[str, Any]:
    return {
        "baseUrl": f"https://{host}",
        "hashAlgorithm": "SHA2_256",
        "publicKey": {"rawBytes": _base64(spki), "keyDetails": details, "validFor": _SPAN},
        "logId": {"keyId": _base64(identifier or hashlib.sha256(spki).digest())},
    }


def _authority(host: str, *chain: x509.Certificate) -> dict[str, Any]:
    return {
        "subject": {"organization": "sigstore.tests", "commonName": host},
        "uri": f"https://{host}",
        "certChain": {"certificates": [_certificate(each) for each in chain]},
        "validFor": _SPAN,
    }


def _certificate(certificate: x509.Certificate) -> dict[str, str]:
    return {"rawBytes": _base64(certificate.public_bytes(Encoding.DER))}


def _sha256(data: bytes) -> dict[str, str]:
    return {"algorithm": "sha256", "value": hashlib.sha256(data).hexdigest()}


def _base64(data: bytes) -> str:
    return b64encode(data).decode()
