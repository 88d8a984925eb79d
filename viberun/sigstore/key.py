"""Public keys (RFC 5280, SubjectPublicKeyInfo), and what the names of signature algorithms mean."""

from __future__ import annotations

import hashlib

from viberun.sigstore import der, ed25519
from viberun.sigstore.ecdsa import P256, P384
from viberun.sigstore.errors import FormError

_EC_PUBLIC_KEY, _ED25519 = "1.2.840.10045.2.1", "1.3.101.112"
_CURVES = {"1.2.840.10045.3.1.7": P256, "1.3.132.0.34": P384}
_HASHES = {"2.16.840.1.101.3.4.2.1": "sha256", "2.16.840.1.101.3.4.2.2": "sha384", "2.16.840.1.101.3.4.2.3": "sha512"}
_ECDSA_WITH = {"1.2.840.10045.4.3.2": "sha256", "1.2.840.10045.4.3.3": "sha384", "1.2.840.10045.4.3.4": "sha512"}


class Key:
    """A public key: ECDSA over P-256 or P-384, or Ed25519. Raises FormError where it is none of them."""

    def __init__(self, spki: bytes) -> None:
        algorithm, bits = der.parse(spki).children()
        kind, *parameters = algorithm.children()
        self._public = bits.bits()
        self._curve = None
        if kind.oid() == _EC_PUBLIC_KEY and len(parameters) == 1 and parameters[0].oid() in _CURVES:
            self._curve = _CURVES[parameters[0].oid()]
        elif kind.oid() != _ED25519 or parameters:
            raise FormError("a public key is of a kind that is not known")
        self.id = hashlib.sha256(spki).digest()

    def verifies(self, message: bytes, signature: bytes, hash_name: str | None = None) -> bool:
        """Whether the signature is this key's. `hash_name`: what the message is hashed with, where it is not what goes
        with the curve."""
        if self._curve is None:
            return hash_name is None and ed25519.verifies(self._public, message, signature)
        digest = hashlib.new(hash_name or self._curve.hash, message).digest()
        return self._curve.verifies(self._public, digest, signature)


def hash_of(algorithm: der.Value) -> str:
    """The name of a hash algorithm (RFC 5754, AlgorithmIdentifier), as hashlib has it. Raises FormError."""
    return _named(algorithm, _HASHES)


def hash_of_ecdsa(algorithm: der.Value) -> str:
    """The hash in the name of a signature algorithm. Raises FormError where that is not ECDSA with SHA-2."""
    return _named(algorithm, _ECDSA_WITH)


def _named(algorithm: der.Value, names: dict[str, str]) -> str:
    oid = algorithm.children()[0].oid()
    if oid not in names:
        raise FormError(f"the algorithm {oid} is not known")
    return names[oid]
