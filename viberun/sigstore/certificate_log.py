"""That a certificate stands in a public log: the log's promise (SCT) in the certificate (RFC 6962, sections 3.2 and 3.3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone

from viberun.sigstore import der
from viberun.sigstore.certificate import Certificate
from viberun.sigstore.errors import FormError
from viberun.sigstore.trusted_root import Log

_SCTS = "1.3.6.1.4.1.11129.2.4.2"
_V1, _PRECERT_ENTRY = b"\0", b"\0\1"
_SHA256_ECDSA = b"\4\3"


def is_logged(certificate: Certificate, issuer: Certificate, logs: tuple[Log, ...]) -> bool:
    """Whether one of these logs promised to take the certificate, which `issuer` made, at a time when it was trusted."""
    data = der.parse(certificate.extensions.get(_SCTS, b"\4\2\0\0")).expect(der.OCTET_STRING).body
    scts = [_Sct.parse(sct) for sct in _each(data)]
    body = certificate.tbs_without(_SCTS) if scts else b""
    entry = issuer.key.id + len(body).to_bytes(3, "big") + body
    return any(
        log.id == sct.log_id and sct.time in log.span and log.key.verifies(sct.signed(entry), sct.signature)
        for sct in scts
        for log in logs
    )


@dataclass(frozen=True)
class _Sct:
    log_id: bytes
    milliseconds: bytes
    extensions: bytes  # with their length
    signature: bytes

    @classmethod
    def parse(cls, data: bytes) -> _Sct:
        extensions = data[41:43] + data[43 : 43 + int.from_bytes(data[41:43], "big")]
        rest = data[41 + len(extensions) :]
        if data[:1] != _V1 or rest[:2] != _SHA256_ECDSA or int.from_bytes(rest[2:4], "big") != len(rest) - 4:
            raise FormError("a promise of a certificate log is of a kind that is not known")
        return cls(data[1:33], data[33:41], extensions, rest[4:])

    @property
    def time(self) -> datetime:
        return datetime.fromtimestamp(int.from_bytes(self.milliseconds, "big") / 1000, timezone.utc)

    def signed(self, entry: bytes) -> bytes:
        """What the signature is over."""
        return _V1 + b"\0" + self.milliseconds + _PRECERT_ENTRY + entry + self.extensions


def _each(data: bytes) -> Iterator[bytes]:
    """The items of a list in which each has its length before it, as has the whole."""
    at, end = 2, 2 + int.from_bytes(data[:2], "big")
    while at < end:
        size = int.from_bytes(data[at : at + 2], "big")
        yield data[at + 2 : at + 2 + size]
        at += 2 + size
    if at != end or end != len(data):
        raise FormError("a list of promises of certificate logs is cut off")
