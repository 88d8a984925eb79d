"""Rekor, versions 1 and 2: a Merkle tree (RFC 6962) that grows, and what the log says of an entry.

https://github.com/sigstore/rekor/blob/main/openapi.yaml
https://github.com/sigstore/rekor-tiles/blob/main/CLIENTS.md
https://c2sp.org/tlog-checkpoint
"""

import base64
import datetime
import hashlib
import json
import os
import threading
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.sigstore import keys

_OTHER_SHARDS = 1000
"""As many entries of version 1 stand in trees before this one."""


def base64_of(content: bytes) -> str:
    return base64.b64encode(content).decode()


def canonical(document: object) -> bytes:
    """RFC 8785, for the plain texts that stand in a log."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


@dataclass(frozen=True)
class Proof:
    """That a leaf is in the tree of `size` leaves (RFC 6962, section 2.1.1)."""

    index: int
    size: int
    root: bytes
    hashes: tuple[bytes, ...]


class Tree:
    """Append-only; other people's leaves stand around every one."""

    def __init__(self) -> None:
        self._leaves: list[bytes] = [os.urandom(40) for _ in range(13)]
        self._hashes: dict[tuple[int, int], bytes] = {}
        self._lock = threading.Lock()

    def add(self, leaf: bytes) -> Proof:
        with self._lock:
            index = len(self._leaves)
            self._leaves += [leaf, os.urandom(40)]
            size = len(self._leaves)
            return Proof(index, size, self._hash(0, size), tuple(self._path(index, 0, size)))

    def _hash(self, start: int, end: int) -> bytes:
        """Of a range of leaves; it never changes."""
        if (start, end) not in self._hashes:
            if end - start == 1:
                content = b"\0" + self._leaves[start]
            else:
                middle = _middle(start, end)
                content = b"\1" + self._hash(start, middle) + self._hash(middle, end)
            self._hashes[start, end] = hashlib.sha256(content).digest()
        return self._hashes[start, end]

    def _path(self, index: int, start: int, end: int) -> list[bytes]:
        if end - start == 1:
            return []
        middle = _middle(start, end)
        if index < middle:
            return [*self._path(index, start, middle), self._hash(middle, end)]
        return [*self._path(index, middle, end), self._hash(start, middle)]


def _middle(start: int, end: int) -> int:
    """The left part of a range is the largest power of two that leaves something over."""
    return start + (1 << ((end - start - 1).bit_length() - 1))


@dataclass(frozen=True)
class Entry:
    """What a log has taken; `promise` and `time` are of version 1 alone."""

    kind: str
    version: str
    body: bytes
    log: bytes
    index: int
    proof: Proof
    checkpoint: str
    time: int | None = None
    promise: bytes | None = None

    def in_bundle(self) -> dict[str, object]:
        """TransparencyLogEntry of sigstore_rekor.proto, which is what version 2 answers as well."""
        return {
            "logIndex": str(self.index),
            "logId": {"keyId": base64_of(self.log)},
            "kindVersion": {"kind": self.kind, "version": self.version},
            **({} if self.time is None else {"integratedTime": str(self.time)}),
            **({} if self.promise is None else {"inclusionPromise": {"signedEntryTimestamp": base64_of(self.promise)}}),
            "inclusionProof": {
                "logIndex": str(self.proof.index),
                "rootHash": base64_of(self.proof.root),
                "treeSize": str(self.proof.size),
                "hashes": [base64_of(digest) for digest in self.proof.hashes],
                "checkpoint": {"envelope": self.checkpoint},
            },
            "canonicalizedBody": base64_of(self.body),
        }

    def answered(self) -> dict[str, object]:
        """LogEntry of version 1's API."""
        said = {
            "body": base64_of(self.body),
            "integratedTime": self.time,
            "logID": self.log.hex(),
            "logIndex": self.index,
            "verification": {
                "signedEntryTimestamp": base64_of(self.promise or b""),
                "inclusionProof": {
                    "checkpoint": self.checkpoint,
                    "hashes": [digest.hex() for digest in self.proof.hashes],
                    "logIndex": self.proof.index,
                    "rootHash": self.proof.root.hex(),
                    "treeSize": self.proof.size,
                },
            },
        }
        return {hashlib.sha256(b"\0" + self.body).hexdigest(): said}


def _checkpoint(origin: str, signer: str, key: keys.PrivateKey, key_id: bytes, proof: Proof) -> str:
    text = f"{origin}\n{proof.size}\n{base64_of(proof.root)}\n"
    return f"{text}\n\u2014 {signer} {base64_of(key_id[:4] + keys.sign(key, text.encode()))}\n"


class LogV1:
    """Rekor as it has been since 2021: says when it took an entry."""

    def __init__(self, host: str, keyring: keys.Keyring) -> None:
        self.key = keyring.ecdsa("log 1", ec.SECP256R1())
        self.key_id = keys.key_id(self.key)
        self._host = host
        self._tree = Tree()

    def add_envelope(self, envelope: bytes, certificate: bytes, at: datetime.datetime) -> Entry:
        """Takes a DSSE envelope (JSON) with the certificate (PEM) of its one signature; dsse 0.0.1."""
        said = json.loads(envelope)
        payload = base64.b64decode(said["payload"])
        spec = {
            "envelopeHash": _sha256(envelope),
            "payloadHash": _sha256(payload),
            "signatures": [{"signature": said["signatures"][0]["sig"], "verifier": base64_of(certificate)}],
        }
        return self._add("dsse", spec, at)

    def add_request(self, request: Any, at: datetime.datetime) -> Entry:
        """Takes what is sent to its API; KeyError, ValueError: it is nothing that this log knows."""
        if (request["kind"], request["apiVersion"]) == ("hashedrekord", "0.0.1"):
            return self._add("hashedrekord", {name: request["spec"][name] for name in ("data", "signature")}, at)
        if (request["kind"], request["apiVersion"]) == ("dsse", "0.0.1"):
            proposed = request["spec"]["proposedContent"]
            return self.add_envelope(proposed["envelope"].encode(), base64.b64decode(proposed["verifiers"][0]), at)
        raise ValueError(f"unknown kind of entry {request['kind']} {request['apiVersion']}")

    def _add(self, kind: str, spec: dict[str, Any], at: datetime.datetime) -> Entry:
        body = canonical({"apiVersion": "0.0.1", "kind": kind, "spec": spec})
        proof = self._tree.add(body)
        index, time = proof.index + _OTHER_SHARDS, int(at.timestamp())
        promised = {"body": base64_of(body), "integratedTime": time, "logID": self.key_id.hex(), "logIndex": index}
        return Entry(
            kind=kind,
            version="0.0.1",
            body=body,
            log=self.key_id,
            index=index,
            proof=proof,
            checkpoint=_checkpoint(f"{self._host} - 42", self._host, self.key, self.key_id, proof),
            time=time,
            promise=keys.sign(self.key, canonical(promised)),
        )


class LogV2:
    """Rekor on tiles: knows digests and signatures alone, and no time."""

    def __init__(self, host: str, keyring: keys.Keyring) -> None:
        self.key = keyring.ed25519("log 2")
        raw = self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.key_id = hashlib.sha256(host.encode() + b"\n\x01" + raw).digest()
        self._host = host
        self._tree = Tree()

    def add(self, digest: bytes, signature: bytes, certificate: bytes) -> Entry:
        """Takes the signature (of P-256) of what has this SHA-256, with its certificate (DER)."""
        verifier = {"keyDetails": "PKIX_ECDSA_P256_SHA_256", "x509Certificate": {"rawBytes": base64_of(certificate)}}
        return self._add(base64_of(digest), {"content": base64_of(signature), "verifier": verifier})

    def add_request(self, request: Any) -> Entry:
        """Takes what is sent to its API; KeyError: it is nothing that this log knows."""
        asked = request["hashedRekordRequestV002"]
        return self._add(asked["digest"], asked["signature"])

    def _add(self, digest: str, signature: object) -> Entry:
        record = {"data": {"algorithm": "SHA2_256", "digest": digest}, "signature": signature}
        body = canonical({"apiVersion": "0.0.2", "kind": "hashedrekord", "spec": {"hashedRekordV002": record}})
        proof = self._tree.add(body)
        return Entry(
            kind="hashedrekord",
            version="0.0.2",
            body=body,
            log=self.key_id,
            index=proof.index,
            proof=proof,
            checkpoint=_checkpoint(self._host, self._host, self.key, self.key_id, proof),
        )


def _sha256(content: bytes) -> dict[str, str]:
    return {"algorithm": "sha256", "value": hashlib.sha256(content).hexdigest()}
