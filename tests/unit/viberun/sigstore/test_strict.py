import base64

import pytest

from viberun.sigstore import strict


def test_json_is_read() -> None:
    assert strict.loads(b'{"a": [1, "x", null]}') == {"a": [1, "x", None]}


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1, "a": 1}',
        '[{"b": {"a": 1, "a": 2}}]',
        "{} {}",
        "[NaN]",
        "[-Infinity]",
        "",
        "{",
        '{"a": 1,}',
        "\ufeff{}",
    ],
)
def test_json_that_can_be_read_in_two_ways_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (the library's own messages differ)
        strict.loads(text)


@pytest.mark.parametrize("data", [b"", b"a", b"ab", b"abc", bytes(range(256))])
def test_base64_is_read(data: bytes) -> None:
    assert strict.decoded(base64.b64encode(data).decode()) == data


@pytest.mark.parametrize("text", ["YQ", "YQ=", "YR==", "YQ==\n", " YQ==", "YQ==YQ==", "Y_==", "YQ=a", None, 1, b"YQ=="])
def test_base64_in_another_form_is_refused(text: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        strict.decoded(text)
