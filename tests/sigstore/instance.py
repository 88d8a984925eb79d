"""All of Sigstore's services together, and the documents by which clients know them.

https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_trustroot.proto
"""

import os
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tests.sigstore import keys
from tests.sigstore.authority import SINCE, CertificateAuthority
from tests.sigstore.log import LogV1, LogV2, base64_of
from tests.sigstore.stamps import StampAuthority

LogVersion = Literal[1, 2]

_ALWAYS = {"start": SINCE.isoformat().replace("+00:00", "Z")}


class Instance:
    """Keys of its own; what one instance has signed, another does not know, unless both are of one `seed`: those have the same
    trusted root.

    `host`: of everything but version 2 of the log, which has another name, since a log is told by it.
    """

    def __init__(self, host: str = "sigstore.test", host_v2: str = "v2.sigstore.test", seed: str | None = None) -> None:
        keyring = keys.Keyring(seed or os.urandom(16).hex())
        self.authority = CertificateAuthority(keyring)
        self.log_v1 = LogV1(host, keyring)
        self.log_v2 = LogV2(host_v2.partition(":")[0], keyring)
        self.stamps = StampAuthority(keyring)
        self.url = f"http://{host}"
        self.url_v2 = f"http://{host_v2}"

    def trusted_root(self) -> dict[str, object]:
        """TrustedRoot 0.1."""
        certificates = self.authority.log.key
        return {
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [
                _log(self.url, self.log_v1.key, self.log_v1.key_id),
                _log(self.url_v2, self.log_v2.key, self.log_v2.key_id),
            ],
            "certificateAuthorities": [_authority(self.url, self.authority.intermediate, self.authority.root)],
            "ctlogs": [_log(f"{self.url}/ct", certificates, keys.key_id(certificates))],
            "timestampAuthorities": [_authority(self._stamps_url, self.stamps.certificate, self.stamps.root)],
        }

    def signing_config(self, log: LogVersion = 1) -> dict[str, object]:
        """SigningConfig 0.2, with version 1 or 2 of the log; only 2 needs stamps."""
        return {
            "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
            "caUrls": [_service(self.url)],
            "oidcUrls": [_service(self.url)],
            "rekorTlogUrls": [_service(self.url if log == 1 else self.url_v2, log)],
            "rekorTlogConfig": {"selector": "ANY"},
            "tsaUrls": [_service(self._stamps_url)] if log == 2 else [],
            "tsaConfig": {"selector": "ANY"},
        }

    def client_trust_config(self, log: LogVersion = 1) -> dict[str, object]:
        """ClientTrustConfig 0.1: both of them."""
        return {
            "mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
            "trustedRoot": self.trusted_root(),
            "signingConfig": self.signing_config(log),
        }

    @property
    def _stamps_url(self) -> str:
        return f"{self.url}/api/v1/timestamp"


def _log(url: str, key: keys.PrivateKey, key_id: bytes) -> dict[str, object]:
    return {
        "baseUrl": url,
        "hashAlgorithm": "SHA2_256",
        "publicKey": {
            "rawBytes": base64_of(keys.subject_public_key_info(key)),
            "keyDetails": keys.details(key),
            "validFor": _ALWAYS,
        },
        "logId": {"keyId": base64_of(key_id)},
    }


def _authority(url: str, *chain: x509.Certificate) -> dict[str, object]:
    return {
        "subject": {"organization": "sigstore.test", "commonName": "test"},
        "uri": url,
        "certChain": {"certificates": [{"rawBytes": base64_of(one.public_bytes(Encoding.DER))} for one in chain]},
        "validFor": _ALWAYS,
    }


def _service(url: str, version: int = 1) -> dict[str, object]:
    return {"url": url, "majorApiVersion": version, "validFor": _ALWAYS, "operator": "sigstore.test"}
