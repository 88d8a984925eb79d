from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viberun.app_name import check_name
from viberun.errors import InvalidError, UsageError
from viberun.server.apps.app import Record, Update, container_name, next_name, previous_name

RECORD = Record("demo", 20000, "ghcr.io/o/viberun:dev", "2026-01-25T12:30:45Z")


@pytest.mark.parametrize("update", [None, Update("c" * 64, True), Update("c" * 64, False)])
def test_a_record_is_read_as_it_was_written(update: Update | None) -> None:
    record = Record("demo", 20000, "i", "then", update)
    assert Record.from_json(record.to_json()) == record


@given(st.text())
def test_garbage_is_no_record(text: str) -> None:
    with pytest.raises(InvalidError):
        Record.from_json(text)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("schema", 0),
        ("min_reader", "1"),
        ("name", "../x"),
        ("port", 0),
        ("port", "1"),
        ("replaces", 1),
        ("ran", 2),
        ("image", None),
    ],
)
def test_a_record_with_a_wrong_field_is_none(key: str, value: object) -> None:
    document = {**json.loads(RECORD.to_json()), key: value}
    with pytest.raises(InvalidError, match=key):
        Record.from_json(json.dumps(document))


@pytest.mark.parametrize("name", ["a", "0", "a-b", "a" * 32, "1-1"])
def test_a_name_is_letters_digits_and_dashes(name: str) -> None:
    assert check_name(name) == name


@given(st.text().filter(lambda text: "." in text or "/" in text or text != text.lower() or not text))
def test_any_other_name_is_refused_on_one_line(name: str) -> None:
    with pytest.raises(UsageError) as raised:
        check_name(name)
    assert "\n" not in str(raised.value)


@given(st.from_regex(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?", fullmatch=True))
def test_what_is_called_after_an_app_is_never_another_app_s(name: str) -> None:
    check_name(name)
    for other in (next_name(name), previous_name(name)):
        assert other.startswith(container_name(name))
        with pytest.raises(UsageError):
            check_name(other.removeprefix("viberun-app-"))
