"""An authority that stamps times (RFC 3161), with a certificate of its own root."""

import hashlib
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.sigstore.authority import BEGINS, ENDS, ca, distinguished, key_usage
from tests.sigstore.claims import der

_SEQUENCE, _SET, _OCTETS, _INTEGER, _0 = 0x30, 0x31, 0x04, 0x02, 0xA0
_SHA256 = bytes.fromhex("300b0609608648016503040201")
_ECDSA_WITH_SHA256 = bytes.fromhex("300a06082a8648ce3d040302")
_SIGNED_DATA, _TST_INFO = bytes.fromhex("06092a864886f70d010702"), bytes.fromhex("060b2a864886f70d0109100104")
_CONTENT_TYPE, _MESSAGE_DIGEST = bytes.fromhex("06092a864886f70d010903"), bytes.fromhex("06092a864886f70d010904")
_POLICY = bytes.fromhex("06042a030405")
_SIGNING_CERTIFICATE_V2 = bytes.fromhex("060b2a864886f70d010910022f")


class Stamps:
    """Whoever is asked for a stamp gets one, of whatever time."""

    def __init__(self) -> None:
        root_key = ec.generate_private_key(ec.SECP384R1())
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.root = ca("stamps root", root_key, "stamps root", root_key)
        self.certificate = (
            x509.CertificateBuilder()
            .subject_name(distinguished("stamps"))
            .issuer_name(self.root.subject)
            .public_key(self._key.public_key())
            .serial_number(7)
            .not_valid_before(BEGINS)
            .not_valid_after(ENDS)
            .add_extension(key_usage(digital_signature=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False)
            .sign(root_key, SHA256())
        )

    def stamp(self, message: bytes, at: datetime) -> bytes:
        """The answer to a request for a stamp on `message`."""
        imprint = _sequence(_SHA256, der(_OCTETS, hashlib.sha256(message).digest()))
        time = der(0x18, f"{at:%Y%m%d%H%M%SZ}".encode())
        info = _sequence(_integer(1), _POLICY, imprint, _integer(4711), time)
        raw = self.certificate.public_bytes(Encoding.DER)
        attributes = sorted(
            [
                _attribute(_CONTENT_TYPE, _TST_INFO),
                _attribute(_MESSAGE_DIGEST, der(_OCTETS, hashlib.sha256(info).digest())),
                _attribute(
                    _SIGNING_CERTIFICATE_V2, _sequence(_sequence(_sequence(der(_OCTETS, hashlib.sha256(raw).digest()))))
                ),
            ]
        )
        signature = self._key.sign(der(_SET, b"".join(attributes)), ec.ECDSA(SHA256()))
        who = _sequence(self.certificate.issuer.public_bytes(), _integer(self.certificate.serial_number))
        signed_attributes = der(_0, b"".join(attributes))
        signer = _sequence(_integer(1), who, _SHA256, signed_attributes, _ECDSA_WITH_SHA256, der(_OCTETS, signature))
        content = _sequence(_TST_INFO, der(_0, der(_OCTETS, info)))
        signed = _sequence(_integer(3), der(_SET, _SHA256), content, der(_0, raw), der(_SET, signer))
        return _sequence(_sequence(_integer(0)), _sequence(_SIGNED_DATA, der(_0, signed)))


def _sequence(*parts: bytes) -> bytes:
    return der(_SEQUENCE, b"".join(parts))


def _integer(number: int) -> bytes:
    return der(_INTEGER, number.to_bytes(number.bit_length() // 8 + 1))


def _attribute(kind: bytes, value: bytes) -> bytes:
    return _sequence(kind, der(_SET, value))
