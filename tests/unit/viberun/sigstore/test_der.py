from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viberun.sigstore import der
from viberun.sigstore.errors import FormError


@given(st.sampled_from([der.OCTET_STRING, der.SEQUENCE, der.CONTEXT_0]), st.binary(max_size=300))
def test_what_is_encoded_is_read(tag: int, body: bytes) -> None:
    value = der.parse(der.encode(tag, body))
    assert (value.tag, value.body) == (tag, body)


@given(st.lists(st.binary(max_size=200), max_size=5))
def test_children_are_read_in_their_order(bodies: list[bytes]) -> None:
    value = der.parse(der.encode(der.SEQUENCE, b"".join(der.encode(der.OCTET_STRING, body) for body in bodies)))
    assert [child.body for child in value.children()] == bodies


@given(st.binary(max_size=300), st.data())
def test_what_is_cut_off_or_goes_on_is_refused(body: bytes, data: st.DataObject) -> None:
    whole = der.encode(der.SEQUENCE, body)
    for text in (whole[: data.draw(st.integers(0, len(whole) - 1))], whole + b"\0"):
        with pytest.raises(FormError):
            der.parse(text)


@given(st.binary(max_size=60))
def test_whatever_is_read_ends_in_a_value_or_a_form_error(data: bytes) -> None:
    try:
        value = der.parse(data)
    except FormError:
        return
    assert der.encode(value.tag, value.body) == data


@pytest.mark.parametrize(
    "text",
    [
        "0200",
        "02020001",
        "0202ffff",
        "0303000000"[:-2],
        "30800000",
        "308101",
        "3081050201010000",
        "30820080",
        "1f0100",
        "3085",
    ],
)
def test_another_form_than_the_shortest_is_refused(text: str) -> None:
    with pytest.raises(FormError):
        der.parse(bytes.fromhex(text)).integer()


@pytest.mark.parametrize(
    ("number", "text"), [(0, "020100"), (127, "02017f"), (128, "02020080"), (-1, "0201ff"), (-129, "0202ff7f")]
)
def test_integers(number: int, text: str) -> None:
    assert der.parse(bytes.fromhex(text)).integer() == number


@pytest.mark.parametrize(
    ("text", "identifier"),
    [
        ("06082a8648ce3d030107", "1.2.840.10045.3.1.7"),
        ("0603551d11", "2.5.29.17"),
        ("060a2b0601040183bf300108", "1.3.6.1.4.1.57264.1.8"),
    ],
)
def test_object_identifiers(text: str, identifier: str) -> None:
    assert der.parse(bytes.fromhex(text)).oid() == identifier


@pytest.mark.parametrize("text", ["0600", "06028055", "060155"[:-2] + "80", "0603550183"])
def test_object_identifiers_in_another_form_are_refused(text: str) -> None:
    with pytest.raises(FormError):
        der.parse(bytes.fromhex(text)).oid()


@pytest.mark.parametrize("body", ["", "08", "0801", "01", "0101"])
def test_bit_strings_in_another_form_are_refused(body: str) -> None:
    with pytest.raises(FormError):
        der.parse(der.encode(der.BIT_STRING, bytes.fromhex(body))).bits()


@pytest.mark.parametrize("body", [b"", b"\1", b"\0\0"])
def test_booleans_are_one_of_two(body: bytes) -> None:
    with pytest.raises(FormError):
        der.parse(der.encode(der.BOOLEAN, body)).boolean()


@pytest.mark.parametrize(
    ("tag", "text", "time"),
    [
        (der.UTC_TIME, "491231235959Z", datetime(2049, 12, 31, 23, 59, 59, tzinfo=timezone.utc)),
        (der.UTC_TIME, "500101000000Z", datetime(1950, 1, 1, tzinfo=timezone.utc)),
        (der.GENERALIZED_TIME, "20261128010203Z", datetime(2026, 11, 28, 1, 2, 3, tzinfo=timezone.utc)),
        (der.GENERALIZED_TIME, "20261128010203.25Z", datetime(2026, 11, 28, 1, 2, 3, 250_000, tzinfo=timezone.utc)),
    ],
)
def test_times(tag: int, text: str, time: datetime) -> None:
    assert der.parse(der.encode(tag, text.encode())).time() == time


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Z",
        "20261128010203",
        "20261128010203+0100",
        "20261328010203Z",
        "202611280102Z",
        "20261128010203.Z",
        "20261128010203.50Z",
        "20261128010260Z",
        "2026112801020 Z",
        "20261128010203.5.5Z",
        "²0261128010203Z",
    ],
)
def test_times_in_another_form_are_refused(text: str) -> None:
    with pytest.raises(FormError):
        der.parse(der.encode(der.GENERALIZED_TIME, text.encode())).time()


def test_another_type_is_told() -> None:
    with pytest.raises(FormError, match="the DER tag 0x4 stands where 0x2 was expected"):
        der.parse(b"\4\0").integer()
