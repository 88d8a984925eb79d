"""JSON and base64 that can be read in one way only."""

from __future__ import annotations

import base64
import json
from typing import Any

from viberun.sigstore.errors import FormError


def loads(text: str | bytes) -> Any:
    """The one JSON value (RFC 8259) in `text`. Raises ValueError, also for a key that stands twice, NaN and infinities."""
    return json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse)


def decoded(text: object) -> bytes:
    """The bytes of standard base64 (RFC 4648, section 4) in its canonical form. Raises ValueError."""
    if not isinstance(text, str):
        raise FormError("base64 that is no text")
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode() != text:
        raise FormError("base64 that is not in its canonical form")
    return data


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise FormError("a JSON object has a key twice")
    return fields


def _refuse(constant: str) -> None:
    raise FormError(f"{constant} is no JSON")
