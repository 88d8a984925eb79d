"""Checks Ed25519 signatures (RFC 8032, section 5.1). Makes none, as with `ecdsa`."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

_P = 2**255 - 19
_ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_ROOT_OF_MINUS_1 = pow(2, (_P - 1) // 4, _P)


class Point(NamedTuple):
    """A point in extended homogeneous coordinates: (x/z, y/z), and t is x·y/z."""

    x: int
    y: int
    z: int
    t: int


def verifies(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether `signature`, 64 bytes, over `message` is that of the key to `public`, 32 bytes."""
    if len(public) != 32 or len(signature) != 64:
        return False
    key, commitment, s = _point(public), _point(signature[:32]), int.from_bytes(signature[32:], "little")
    if key is None or commitment is None or s >= _ORDER or not _is_of_order(key):
        return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % _ORDER
    left, right = _times(s, _BASE), _add(commitment, _times(challenge, key))
    return not (left.x * right.z - right.x * left.z) % _P and not (left.y * right.z - right.y * left.z) % _P


def _point(encoded: bytes) -> Point | None:
    """Reads a point (section 5.1.3); None if there is none."""
    y, odd = int.from_bytes(encoded, "little") & (1 << 255) - 1, encoded[31] >> 7
    if y >= _P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT_OF_MINUS_1 % _P
    if (x * x - square) % _P or (not x and odd):
        return None
    x = _P - x if x & 1 != odd else x
    return Point(x, y, 1, x * y % _P)


def _is_of_order(point: Point) -> bool:
    """Whether the base point makes it: others have a part for which signatures say nothing."""
    return not _is_neutral(point) and _is_neutral(_times(_ORDER, point))


def _is_neutral(point: Point) -> bool:
    return not point.x % _P and not (point.y - point.z) % _P


def _known(point: Point | None) -> Point:
    assert point is not None
    return point


_BASE = _known(_point((4 * pow(5, -1, _P) % _P).to_bytes(32, "little")))


def _add(one: Point, other: Point) -> Point:
    a, b = (one.y - one.x) * (other.y - other.x) % _P, (one.y + one.x) * (other.y + other.x) % _P
    c, d = 2 * one.t * other.t * _D % _P, 2 * one.z * other.z % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return Point(e * f % _P, g * h % _P, f * g % _P, e * h % _P)


def _times(number: int, point: Point) -> Point:
    result = Point(0, 1, 1, 0)
    for bit in f"{number:b}":
        result = _add(result, result)
        if bit == "1":
            result = _add(result, point)
    return result
