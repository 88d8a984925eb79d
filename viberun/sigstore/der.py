"""DER (X.690), as much of it as certificates and timestamps need: definite lengths in their shortest form, small tags."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone

from viberun.sigstore.errors import FormError

BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, OBJECT_IDENTIFIER, UTF8_STRING = 0x01, 0x02, 0x03, 0x04, 0x06, 0x0C
UTC_TIME, GENERALIZED_TIME, SEQUENCE, SET = 0x17, 0x18, 0x30, 0x31
CONTEXT_0, CONTEXT_3 = 0xA0, 0xA3  # constructed, context-specific


@dataclass(frozen=True)
class Value:
    """One value: `raw` is all of it, `body` what comes after tag and length. Its methods raise FormError for another type."""

    tag: int
    raw: bytes
    body: bytes

    def expect(self, tag: int) -> Value:
        if self.tag != tag:
            raise FormError(f"the DER tag {self.tag:#x} stands where {tag:#x} was expected")
        return self

    def children(self, tag: int = SEQUENCE) -> list[Value]:
        """What a SEQUENCE, or another constructed type, consists of."""
        return list(_each(self.expect(tag).body))

    def integer(self) -> int:
        body = self.expect(INTEGER).body
        if not body or (len(body) > 1 and (body[0], body[1] >> 7) in ((0, 0), (0xFF, 1))):
            raise FormError("a DER integer is not in its shortest form")
        return int.from_bytes(body, "big", signed=True)

    def boolean(self) -> bool:
        body = self.expect(BOOLEAN).body
        if body not in (b"\x00", b"\xff"):
            raise FormError("a DER boolean is neither true nor false")
        return body == b"\xff"

    def oid(self) -> str:
        """An object identifier in dotted form."""
        body = self.expect(OBJECT_IDENTIFIER).body
        if not body or body[-1] & 0x80:
            raise FormError("an object identifier is cut off")
        numbers, value, begun = [], 0, False
        for byte in body:
            if byte == 0x80 and not begun:
                raise FormError("an object identifier is not in its shortest form")
            value, begun = (value << 7) | (byte & 0x7F), True
            if not byte & 0x80:
                numbers.append(value)
                value, begun = 0, False
        first = min(numbers[0] // 40, 2)
        return ".".join(map(str, (first, numbers[0] - 40 * first, *numbers[1:])))

    def bits(self) -> bytes:
        """The bytes of a BIT STRING; the unused bits at its end are 0."""
        body = self.expect(BIT_STRING).body
        if not body or body[0] > 7 or (len(body) == 1 and body[0]) or (body[0] and body[-1] & ((1 << body[0]) - 1)):
            raise FormError("a bit string is none")
        return body[1:]

    def text(self) -> str:
        """A UTF8String."""
        return self.expect(UTF8_STRING).body.decode()

    def time(self) -> datetime:
        """A UTCTime or GeneralizedTime in UTC, with seconds (RFC 5280, section 4.1.2.5; RFC 3161, section 2.4.2)."""
        text = self.body.decode("ascii", "replace")
        if self.tag == UTC_TIME:
            text = ("20" if text[:2] < "50" else "19") + text
        else:
            self.expect(GENERALIZED_TIME)
        whole, dot, fraction = text[:-1].partition(".")
        well_formed = text[-1:] == "Z" and len(whole) == 14 and (whole + fraction).isdigit()
        if not well_formed or bool(dot) != bool(fraction.rstrip("0")) or fraction.endswith("0"):
            raise FormError(f"{text!a} is no time")
        try:
            time = datetime.strptime(whole, "%Y%m%d%H%M%S")
        except ValueError:
            raise FormError(f"{text!a} is no time") from None
        return time.replace(microsecond=int(fraction[:6].ljust(6, "0")), tzinfo=timezone.utc)


def parse(data: bytes) -> Value:
    """The only value in `data`. Raises FormError."""
    value = _read(data, 0)
    if len(value.raw) != len(data):
        raise FormError("something stands after the end of a DER value")
    return value


def encode(tag: int, body: bytes) -> bytes:
    """The value of this tag and body."""
    if len(body) < 0x80:
        return bytes((tag, len(body))) + body
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(size))) + size + body


def _each(data: bytes) -> Iterator[Value]:
    at = 0
    while at < len(data):
        value = _read(data, at)
        at += len(value.raw)
        yield value


def _read(data: bytes, at: int) -> Value:
    head = data[at : at + 2]
    if len(head) < 2:
        raise FormError("a DER value is cut off")
    tag, length = head
    body = at + 2
    if tag & 0x1F == 0x1F:
        raise FormError("a DER tag is longer than one byte")
    if length & 0x80:
        size = data[body : body + (length & 0x7F)]
        count, length = length & 0x7F, int.from_bytes(size, "big")
        if not 1 <= count <= 4 or len(size) != count or size[0] == 0 or length < 0x80:
            raise FormError("a DER length is not in its shortest form")
        body += count
    if body + length > len(data):
        raise FormError("a DER value is cut off")
    return Value(tag, data[at : body + length], data[body : body + length])
