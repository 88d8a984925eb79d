import pytest

from release.transport.address import without_login


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://me:s3cret@a.example:8/b@c", "https://a.example:8/b@c"),
        ("PUT https://me:s3@cret@a.example failed, https://t0ken@b.example too", None),
        ("https://a.example/?to=me@b.example", "https://a.example/?to=me@b.example"),
        ("me@a.example", "me@a.example"),
    ],
)
def test_the_login_is_left_out_of_every_address(text: str, shown: str | None) -> None:
    assert without_login(text) == (shown or "PUT https://a.example failed, https://b.example too")
