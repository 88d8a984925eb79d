"""A time stamp authority (RFC 3161, RFC 5652, RFC 5816)."""

import datetime
import hashlib
from dataclasses import dataclass
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.sigstore import der, keys
from tests.sigstore.authority import key_usage, name, root, unsigned

_POLICY = "1.3.6.1.4.1.57264.2"
_PKCS9 = "1.2.840.113549.1.9"
_STAMP = der.object_identifier(f"{_PKCS9}.16.1.4")
_SIGNED_DATA = der.object_identifier("1.2.840.113549.1.7.2")
_SHA256 = der.encode(der.SEQUENCE, der.object_identifier("2.16.840.1.101.3.4.2.1"))
_ECDSA_SHA256 = der.encode(der.SEQUENCE, der.object_identifier("1.2.840.10045.4.3.2"))


@dataclass(frozen=True)
class Request:
    """TimeStampReq (RFC 3161, section 2.4.1), for a SHA-256."""

    digest: bytes
    nonce: int | None

    @classmethod
    def parse(cls, request: bytes) -> Self:
        """Raises ValueError if it is none."""
        ((_, content),) = der.elements(request)
        _, (_, imprint), *rest = der.elements(content)
        (_, algorithm), (_, digest) = der.elements(imprint)
        if der.elements(algorithm)[0] != der.elements(der.elements(_SHA256)[0][1])[0]:
            raise ValueError("only SHA-256 is stamped here")
        nonces = [int.from_bytes(number) for tag, number in rest if tag == der.INTEGER]
        return cls(digest, nonces[0] if nonces else None)


class StampAuthority:
    """A root, and a certificate that stamps."""

    def __init__(self, keyring: keys.Keyring) -> None:
        root_key = keyring.ecdsa("stamps' root", ec.SECP384R1())
        self._key = keyring.ecdsa("stamps", ec.SECP256R1())
        self.root = root("stamps' root", root_key)
        self.certificate = (
            unsigned(name("stamps"), self._key.public_key(), self.root.subject, root_key.public_key())
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(key_usage(signs="messages"), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
            .sign(root_key, hashes.SHA384(), ecdsa_deterministic=True)
        )

    def stamp(self, digest: bytes, at: datetime.datetime, nonce: int | None = None) -> bytes:
        """The response (granted) for what has this SHA-256, with the stamping certificate in it."""
        info = _info(digest, at, nonce)
        signed = der.encode(
            der.SEQUENCE,
            der.integer(3),
            der.set_of(_SHA256),
            der.encode(der.SEQUENCE, _STAMP, der.encode(0xA0, der.encode(der.OCTET_STRING, info))),
            der.encode(0xA0, self.certificate.public_bytes(Encoding.DER)),
            der.set_of(self._signer(info, at)),
        )
        token = der.encode(der.SEQUENCE, _SIGNED_DATA, der.encode(0xA0, signed))
        return der.encode(der.SEQUENCE, der.encode(der.SEQUENCE, der.integer(0)), token)

    def _signer(self, info: bytes, at: datetime.datetime) -> bytes:
        digest = hashlib.sha256(self.certificate.public_bytes(Encoding.DER)).digest()
        named = der.encode(der.SEQUENCE, der.encode(der.OCTET_STRING, digest))
        attributes = der.set_of(
            _attribute(f"{_PKCS9}.3", _STAMP),
            _attribute(f"{_PKCS9}.4", der.encode(der.OCTET_STRING, hashlib.sha256(info).digest())),
            _attribute(f"{_PKCS9}.5", der.encode(0x17, at.strftime("%y%m%d%H%M%SZ").encode())),
            _attribute(f"{_PKCS9}.16.2.47", der.encode(der.SEQUENCE, der.encode(der.SEQUENCE, named))),
        )
        return der.encode(
            der.SEQUENCE,
            der.integer(1),
            der.encode(
                der.SEQUENCE, self.certificate.issuer.public_bytes(), der.integer(self.certificate.serial_number)
            ),
            _SHA256,
            b"\xa0" + attributes[1:],  # signed as a SET, sent as [0] (RFC 5652, section 5.4)
            _ECDSA_SHA256,
            der.encode(der.OCTET_STRING, keys.sign(self._key, attributes)),
        )


def _info(digest: bytes, at: datetime.datetime, nonce: int | None) -> bytes:
    return der.encode(
        der.SEQUENCE,
        der.integer(1),
        der.object_identifier(_POLICY),
        der.encode(der.SEQUENCE, _SHA256, der.encode(der.OCTET_STRING, digest)),
        der.integer(x509.random_serial_number()),
        der.encode(der.GENERALIZED_TIME, at.strftime("%Y%m%d%H%M%SZ").encode()),
        der.encode(der.SEQUENCE, der.integer(1)),
        b"" if nonce is None else der.integer(nonce),
    )


def _attribute(oid: str, value: bytes) -> bytes:
    return der.encode(der.SEQUENCE, der.object_identifier(oid), der.set_of(value))
