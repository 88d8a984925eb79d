"""Checks ECDSA signatures over P-256 and P-384 (FIPS 186-5, SEC 1). Makes none: all that it works on is public, so how
long it takes tells nobody anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from viberun.sigstore import der


class Point(NamedTuple):
    """A point in Jacobian coordinates: (x/z², y/z³), and infinity where z is 0."""

    x: int
    y: int
    z: int


_INFINITY = Point(0, 1, 0)


@dataclass(frozen=True)
class Curve:
    """y² = x³ - 3x + b over the integers modulo the prime p, with a generator of the prime order n."""

    name: str
    hash: str  # the one that goes with the curve where nothing else is said
    p: int
    b: int
    n: int
    generator: Point

    def verifies(self, public: bytes, digest: bytes, signature: bytes) -> bool:
        """Whether `signature` (RFC 3279, section 2.2.3) over `digest` is that of the key to the uncompressed point `public`."""
        key = self._point(public)
        try:
            r, s = (value.integer() for value in der.parse(signature).children())
        except ValueError:
            return False
        if key is None or not (0 < r < self.n and 0 < s < self.n):
            return False
        number = int.from_bytes(digest, "big") >> max(0, 8 * len(digest) - self.n.bit_length())
        inverse = pow(s, -1, self.n)
        x, _, z = self._sum(number * inverse % self.n, self.generator, r * inverse % self.n, key)
        return bool(z) and x * pow(z, -2, self.p) % self.p % self.n == r

    def _point(self, encoded: bytes) -> Point | None:
        """Reads an uncompressed point (SEC 1, section 2.3.4); None if it is not on the curve."""
        size = (self.p.bit_length() + 7) // 8
        if len(encoded) != 1 + 2 * size or encoded[0] != 4:
            return None
        x, y = int.from_bytes(encoded[1 : 1 + size], "big"), int.from_bytes(encoded[1 + size :], "big")
        on_curve = x < self.p and y < self.p and (y * y - (x * x * x - 3 * x + self.b)) % self.p == 0
        return Point(x, y, 1) if on_curve else None

    def _sum(self, a: int, one: Point, b: int, other: Point) -> Point:
        """a · one + b · other, bit by bit from the top."""
        of_bits = {(0, 1): other, (1, 0): one, (1, 1): self._add(one, other)}
        result = _INFINITY
        for at in reversed(range(max(a.bit_length(), b.bit_length()))):
            result = self._double(result)
            bits = (a >> at & 1, b >> at & 1)
            if bits in of_bits:
                result = self._add(result, of_bits[bits])
        return result

    def _double(self, point: Point) -> Point:
        x, y, z = point
        p = self.p
        if not z or not y:
            return _INFINITY
        yy, zz = y * y % p, z * z % p
        s = 4 * x * yy % p
        m = 3 * (x - zz) * (x + zz) % p
        x3 = (m * m - 2 * s) % p
        return Point(x3, (m * (s - x3) - 8 * yy * yy) % p, 2 * y * z % p)

    def _add(self, one: Point, other: Point) -> Point:
        if not one.z:
            return other
        if not other.z:
            return one
        p = self.p
        (x1, y1, z1), (x2, y2, z2) = one, other
        zz1, zz2 = z1 * z1 % p, z2 * z2 % p
        u1, u2 = x1 * zz2 % p, x2 * zz1 % p
        s1, s2 = y1 * z2 * zz2 % p, y2 * z1 * zz1 % p
        h, r = (u2 - u1) % p, (s2 - s1) % p
        if not h:
            return _INFINITY if r else self._double(one)
        hh = h * h % p
        hhh, v = h * hh % p, u1 * hh % p
        x3 = (r * r - hhh - 2 * v) % p
        return Point(x3, (r * (v - x3) - s1 * hhh) % p, h * z1 * z2 % p)


P256 = Curve(
    name="P-256",
    hash="sha256",
    p=0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF,
    b=0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
    n=0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    generator=Point(
        0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
        0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
        1,
    ),
)
P384 = Curve(
    name="P-384",
    hash="sha384",
    p=0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFFFF0000000000000000FFFFFFFF,
    b=0xB3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875AC656398D8A2ED19D2A85C8EDD3EC2AEF,
    n=0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
    generator=Point(
        0xAA87CA22BE8B05378EB1C71EF320AD746E1D3B628BA79B9859F741E082542A385502F25DBF55296C3A545E3872760AB7,
        0x3617DE4A96262C6F5D9E98BF9292DC29F8F41DBD289A147CE9DA3113B5F0B8C00A60B1CE1D7E819D7A431D7C90EA0E5F,
        1,
    ),
)
