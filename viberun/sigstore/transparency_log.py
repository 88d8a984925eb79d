"""The entry of a signature in a transparency log (Rekor, v1 and v2): that it stands there, and when it came there."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from viberun.sigstore import strict
from viberun.sigstore.errors import FormError, SignatureError, UnknownError
from viberun.sigstore.trusted_root import Log

_MOST_LEVELS = 64  # of a tree


class Entry:
    """A TransparencyLogEntry of a bundle. Raises ValueError, KeyError or TypeError where it is none.

    `kind` is that of `content`, which is the JSON that stands in the log.
    """

    def __init__(self, fields: Mapping[str, Any]) -> None:
        proof = fields["inclusionProof"]
        self.log_id, self.log_index = strict.decoded(fields["logId"]["keyId"]), _count(fields.get("logIndex", "0"))
        self._seconds = _count(fields.get("integratedTime", "0"))
        self._promise = strict.decoded(fields.get("inclusionPromise", {}).get("signedEntryTimestamp", ""))
        self._body = strict.decoded(fields["canonicalizedBody"])
        self._index, self._size = _count(proof.get("logIndex", "0")), _count(proof["treeSize"])
        self._root_hash = strict.decoded(proof["rootHash"])
        self._hashes = [strict.decoded(each) for each in proof.get("hashes", ())]
        self._checkpoint: str = proof["checkpoint"]["envelope"]
        self.content = strict.loads(self._body)
        self.kind = (self.content["kind"], self.content["apiVersion"])
        if self.kind != (fields["kindVersion"]["kind"], fields["kindVersion"]["version"]):
            raise SignatureError("the log's entry is of two kinds")

    @property
    def time(self) -> datetime | None:
        """When the log took it, which it says only together with a promise that it signed."""
        return datetime.fromtimestamp(self._seconds, timezone.utc) if self._promise and self._seconds else None

    def check(self, logs: tuple[Log, ...], times: Sequence[datetime]) -> None:
        """Raises SignatureError unless one of these logs, which was trusted at each of the times, has it."""
        log = next((each for each in logs if each.id == self.log_id), None)
        if log is None:
            raise UnknownError("it stands in a log that is not known")
        if not all(time in log.span for time in times):
            raise SignatureError("it stands in a log that was not trusted then")
        if self._promise:
            if not log.key.verifies(self._promised(), self._promise):
                raise SignatureError("the log did not promise to take it")
        elif self.log_index != self._index:
            raise SignatureError("the log's entry has two numbers")
        leaf = hashlib.sha256(b"\0" + self._body).digest()
        if root_of(self._index, self._size, leaf, self._hashes) != self._root_hash:
            raise SignatureError("it does not stand in the log")
        self._check_checkpoint(log)

    def _promised(self) -> bytes:
        said = {
            "body": base64.b64encode(self._body).decode(),
            "integratedTime": self._seconds,
            "logID": self.log_id.hex(),
            "logIndex": self.log_index,
        }
        return json.dumps(said, sort_keys=True, separators=(",", ":")).encode()

    def _check_checkpoint(self, log: Log) -> None:
        """That the log signed the tree's size and root (C2SP signed-note and tlog-checkpoint)."""
        text, _, signatures = self._checkpoint.partition("\n\n")
        origin, size, root_hash, *_ = [*text.split("\n"), "", ""]
        if not origin or size != str(self._size) or root_hash != base64.b64encode(self._root_hash).decode():
            raise SignatureError("the log's checkpoint is of another tree")
        *lines, end = signatures.split("\n")
        signed = [_signature(line, log) for line in lines]
        if end or not any(log.key.verifies(f"{text}\n".encode(), each) for each in signed if each):
            raise SignatureError("the log did not sign its checkpoint")


def _signature(line: str, log: Log) -> bytes | None:
    """The log's signature in a line of a checkpoint; None in another's. Raises ValueError."""
    dash, name, encoded = line.split(" ")
    data = strict.decoded(encoded)
    if dash != "\u2014" or not name:
        raise FormError("a line of the log's checkpoint is no signature")
    return data[4:] if data[:4] == log.id[:4] else None


def root_of(index: int, size: int, leaf: bytes, path: list[bytes]) -> bytes | None:
    """The root of a tree of `size` leaves, of which `leaf` is the one at `index` by this path (RFC 9162, section 2.1.3.2);
    None where there is no such path."""
    if index >= size or len(path) > _MOST_LEVELS:
        return None
    node, last = index, size - 1
    for sibling in path:
        if not last:
            return None
        if node & 1 or node == last:
            leaf = hashlib.sha256(b"\1" + sibling + leaf).digest()
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            leaf = hashlib.sha256(b"\1" + leaf + sibling).digest()
        node, last = node >> 1, last >> 1
    return None if last else leaf


def _count(value: object) -> int:
    """An int64 of protobuf's JSON, which is text; not negative here."""
    if not isinstance(value, str) or not value.isascii() or not value.isdigit() or int(value) >= 1 << 63:
        raise ValueError(f"{value!a:.40} is no number of a log")
    return int(value)
