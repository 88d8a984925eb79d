"""Whom Sigstore's signatures come from: its trusted_root.json (TrustedRoot of sigstore/protobuf-specs)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, TypeVar

from viberun.sigstore import strict
from viberun.sigstore.certificate import Certificate
from viberun.sigstore.errors import FormError
from viberun.sigstore.key import Key

_MEDIA_TYPES = (
    "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
    "application/vnd.dev.sigstore.trustedroot.v0.2+json",
)
_T = TypeVar("_T")


@dataclass(frozen=True)
class Span:
    """From when to when something is trusted, both included."""

    begins: datetime
    ends: datetime | None

    def __contains__(self, time: datetime) -> bool:
        return self.begins <= time and (self.ends is None or time <= self.ends)


@dataclass(frozen=True)
class Authority:
    """Who makes certificates, or is one that stamps: `chain` begins with whose key signs and ends with the root."""

    chain: tuple[Certificate, ...]
    span: Span

    def is_trusted_at(self, time: datetime) -> bool:
        return time in self.span and all(each.is_valid_at(time) for each in self.chain)


@dataclass(frozen=True)
class Log:
    """A log of certificates or of signatures."""

    id: bytes
    key: Key
    span: Span


@dataclass(frozen=True)
class TrustedRoot:
    """All who are trusted: who makes certificates, who stamps times, the logs of certificates and those of signatures."""

    certificate_authorities: tuple[Authority, ...]
    timestamp_authorities: tuple[Authority, ...]
    certificate_logs: tuple[Log, ...]
    transparency_logs: tuple[Log, ...]

    @classmethod
    def parse(cls, text: str | bytes) -> TrustedRoot:
        """Reads the file. What has a key or a certificate that is not understood is left out: another is then needed.

        Raises ValueError, KeyError or TypeError where it is no such file.
        """
        fields = strict.loads(text)
        if fields["mediaType"] not in _MEDIA_TYPES:
            raise FormError(f"{fields['mediaType']!a} is no trusted root that can be read")
        return cls(
            tuple(_known(_authority, fields.get("certificateAuthorities", ()))),
            tuple(_known(_authority, fields.get("timestampAuthorities", ()))),
            tuple(_known(_log, fields.get("ctlogs", ()))),
            tuple(_known(_log, fields.get("tlogs", ()))),
        )


def _known(read: Callable[[Mapping[str, Any]], _T], entries: list[Mapping[str, Any]]) -> Iterator[_T]:
    for entry in entries:
        try:
            yield read(entry)
        except ValueError:
            continue


def _authority(fields: Mapping[str, Any]) -> Authority:
    chain = fields["certChain"]["certificates"]
    return Authority(tuple(Certificate(strict.decoded(each["rawBytes"])) for each in chain), _span(fields["validFor"]))


def _log(fields: Mapping[str, Any]) -> Log:
    key, identifier = fields["publicKey"], fields.get("checkpointKeyId") or fields["logId"]
    return Log(strict.decoded(identifier["keyId"]), Key(strict.decoded(key["rawBytes"])), _span(key["validFor"]))


def _span(fields: Mapping[str, str]) -> Span:
    return Span(_time(fields["start"]), _time(fields["end"]) if fields.get("end") else None)


def _time(text: str) -> datetime:
    """A time as protobuf's JSON has it: RFC 3339 in UTC, to the second or finer."""
    whole, _, fraction = text.removesuffix("Z").partition(".")
    time = datetime.strptime(whole, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc)
    return time.replace(microsecond=int(fraction[:6].ljust(6, "0")))
