"""Held against `sigstore`, with which releases are signed: nothing is taken that this refuses."""

import base64
import json
import random
from typing import Any

import pytest
from sigstore.errors import Error
from sigstore.models import Bundle, TrustedRoot
from sigstore.verify import Verifier
from sigstore.verify.policy import UnsafeNoOp
from sigstore_models.trustroot.v1 import TrustedRoot as Fields

from tests.unit.viberun.sigstore.signed import AT, INSTANCE, bundle, verified
from viberun.sigstore.errors import SignatureError

_TRIALS = 150


@pytest.fixture(scope="module")
def verifier() -> Verifier:
    return Verifier(trusted_root=_trusted_root())


def _trusted_root() -> TrustedRoot:
    return TrustedRoot(Fields.from_json(json.dumps(INSTANCE.trusted_root())))


def _taken_by_sigstore(verifier: Verifier, fields: Any) -> bytes | None:
    try:
        return verifier.verify_dsse(Bundle.from_json(json.dumps(fields)), UnsafeNoOp())[1]
    except (Error, ValueError, TypeError, KeyError, IndexError, AttributeError, AssertionError):
        return None


def _taken_by_ours(fields: Any) -> bytes | None:
    try:
        return verified(fields).payload
    except SignatureError:
        return None


_KINDS: list[dict[str, Any]] = [{}, {"stamped": [AT]}, {"log": 2}]


@pytest.mark.parametrize("how", _KINDS, ids=["v1", "v1, stamped", "v2"])
def test_both_take_what_is_genuine(verifier: Verifier, how: dict[str, Any]) -> None:
    fields = bundle(**how)
    payload = _taken_by_ours(fields)
    assert payload is not None
    assert _taken_by_sigstore(verifier, fields) == payload


@pytest.mark.parametrize("seed", range(4))
def test_nothing_is_taken_that_sigstore_refuses(verifier: Verifier, seed: int) -> None:
    chance = random.Random(seed)
    genuine = [bundle(**how) for how in _KINDS]
    taken = 0
    for _ in range(_TRIALS):
        fields = _mutated(chance.choice(genuine), chance.choice(genuine), chance)
        ours = _taken_by_ours(fields)
        if ours is not None:
            taken += 1
            assert _taken_by_sigstore(verifier, fields) == ours, json.dumps(fields)
    assert taken < _TRIALS / 2


def _mutated(fields: Any, other: Any, chance: random.Random) -> Any:
    """A copy in which one to three places were changed; each place is as likely."""
    fields = json.loads(json.dumps(fields))
    for _ in range(chance.randint(1, 3)):
        places = list(_places(fields))
        place, key = chance.choice(places)
        change = chance.randrange(6)
        value = place[key]
        if change == 0 and isinstance(place, dict):
            del place[key]
        elif change == 1:
            place[key] = chance.choice([None, "", 0, [], {}, "0", "AA==", -1, True])
        elif change == 2:
            theirs = [(a, b) for a, b in _places(other) if b == key]
            if theirs:
                there, at = chance.choice(theirs)
                place[key] = json.loads(json.dumps(there[at]))
        elif change == 3 and isinstance(value, list):
            value += value[:1]
        elif isinstance(value, str):
            place[key] = _changed(value, chance)
    return fields


def _places(value: Any) -> Any:
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield value, key
        yield from _places(value[key])


def _changed(text: str, chance: random.Random) -> str:
    """Another text: of base64 another bit, or bytes that are gone or come to it."""
    try:
        data = bytearray(base64.b64decode(text, validate=True))
    except ValueError:
        data = bytearray()
    if not data:
        at = chance.randint(0, len(text))
        return text[:at] + chance.choice("0aA=\n ") + text[at + chance.randint(0, 1) :]
    at = chance.randrange(len(data))
    change = chance.randrange(4)
    if change < 2:
        data[at] ^= 1 << chance.randrange(8)
    elif change == 2:
        del data[at]
    else:
        data.insert(at, chance.randrange(256))
    return base64.b64encode(bytes(data)).decode()
