"""Where private keys come from, how public ones are written, and how a log signs."""

import hashlib
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


@dataclass(frozen=True)
class Keyring:
    """Private keys by name: of one seed they are always the same."""

    seed: str

    def ecdsa(self, name: str, curve: ec.EllipticCurve) -> ec.EllipticCurvePrivateKey:
        below_every_order = 31
        return ec.derive_private_key(int.from_bytes(self._secret(name, below_every_order)), curve)

    def ed25519(self, name: str) -> ed25519.Ed25519PrivateKey:
        return ed25519.Ed25519PrivateKey.from_private_bytes(self._secret(name, 32))

    def _secret(self, name: str, size: int) -> bytes:
        return hashlib.shake_256(f"{self.seed}/{name}".encode()).digest(size)


def subject_public_key_info(key: PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def key_id(key: PrivateKey) -> bytes:
    """As RFC 6962 names a log (section 3.2)."""
    return hashlib.sha256(subject_public_key_info(key)).digest()


def sign(key: PrivateKey, message: bytes) -> bytes:
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(message)
    return key.sign(message, ec.ECDSA(hashes.SHA256()))


def details(key: PrivateKey) -> str:
    """PublicKeyDetails of sigstore_common.proto."""
    return "PKIX_ED25519" if isinstance(key, ed25519.Ed25519PrivateKey) else "PKIX_ECDSA_P256_SHA_256"
