"""Logs of signatures, as Rekor is: a Merkle tree (RFC 9162) with checkpoints, and the promises that only v1 makes."""

import hashlib
import json
import os
from base64 import b64encode
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.sigstore.authority import spki

_OF_OTHER_SHARDS = 1000


class Tree:
    """A log that others have written into before. `id` is what it signs with, `host` the name of its notes."""

    host: str
    origin: str
    id: bytes

    def __init__(self) -> None:
        self._leaves = [os.urandom(40) for _ in range(13)]

    def add(self, content: Any) -> dict[str, Any]:
        """Takes an entry, then another of somebody else; what a bundle says of it (TransparencyLogEntry)."""
        body = canonical(content)
        self._leaves += [body, os.urandom(40)]
        index, size = len(self._leaves) - 2, len(self._leaves)
        root = _root(self._leaves)
        text = f"{self.origin}\n{size}\n{_base64(root)}\n"
        note = f"{text}\n\u2014 {self.host} {_base64(self.id[:4] + self._signed(text.encode()))}\n"
        return {
            "logIndex": str(index),
            "logId": {"keyId": _base64(self.id)},
            "kindVersion": {"kind": content["kind"], "version": content["apiVersion"]},
            "inclusionProof": {
                "logIndex": str(index),
                "rootHash": _base64(root),
                "treeSize": str(size),
                "hashes": [_base64(each) for each in _path(index, self._leaves)],
                "checkpoint": {"envelope": note},
            },
            "canonicalizedBody": _base64(body),
        }

    def _signed(self, data: bytes) -> bytes:
        raise NotImplementedError


class LogV1(Tree):
    """One that says when it took an entry; its numbers go on from the shards before it."""

    host, origin = "rekor.tests", "rekor.tests - 42"

    def __init__(self) -> None:
        super().__init__()
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.spki = spki(self._key.public_key())
        self.id = hashlib.sha256(self.spki).digest()

    def add_at(self, content: Any, at: datetime) -> dict[str, Any]:
        fields = self.add(content)
        seconds, number = int(at.timestamp()), int(fields["logIndex"]) + _OF_OTHER_SHARDS
        promised = {"integratedTime": seconds, "logID": self.id.hex(), "logIndex": number}
        promise = self._signed(canonical(promised | {"body": fields["canonicalizedBody"]}))
        fields |= {"logIndex": str(number), "integratedTime": str(seconds)}
        return fields | {"inclusionPromise": {"signedEntryTimestamp": _base64(promise)}}

    def _signed(self, data: bytes) -> bytes:
        return self._key.sign(data, ec.ECDSA(SHA256()))


class LogV2(Tree):
    """One that knows no time."""

    host = origin = "log2.tests"

    def __init__(self) -> None:
        super().__init__()
        self._key = Ed25519PrivateKey.generate()
        public = self._key.public_key()
        self.spki = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.id = hashlib.sha256(self.host.encode() + b"\n\1" + raw).digest()  # C2SP signed-note

    def _signed(self, data: bytes) -> bytes:
        return self._key.sign(data)


def canonical(content: Any) -> bytes:
    """RFC 8785, for what has neither numbers with fractions nor text outside of ASCII."""
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()


def _base64(data: bytes) -> str:
    return b64encode(data).decode()


def _root(leaves: list[bytes]) -> bytes:
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    middle = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + _root(leaves[:middle]) + _root(leaves[middle:])).digest()


def _path(index: int, leaves: list[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    middle = 1 << (len(leaves) - 1).bit_length() - 1
    if index < middle:
        return [*_path(index, leaves[:middle]), _root(leaves[middle:])]
    return [*_path(index - middle, leaves[middle:]), _root(leaves[:middle])]
