from __future__ import annotations

import pytest

from viberun.errors import UsageError
from viberun.protocol import PROTOCOL
from viberun.server.handshake import ProtocolError, check


@pytest.mark.parametrize("apart", [-1, 0, 1])
def test_one_release_apart_works_together(apart: int) -> None:
    check({"VIBERUN_PROTOCOL": str(PROTOCOL + apart)})


@pytest.mark.parametrize("environ", [{}, {"VIBERUN_PROTOCOL": ""}])
def test_a_person_names_no_protocol(environ: dict[str, str]) -> None:
    check(environ)


def test_a_newer_client_is_told_to_update_the_server() -> None:
    with pytest.raises(
        ProtocolError, match=r"^the client speaks protocol \d+ and this server \d+; run 'viberun update'"
    ):
        check({"VIBERUN_PROTOCOL": str(PROTOCOL + 2)})


def test_an_older_client_is_told_to_update_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("viberun.server.handshake.PROTOCOL", 5)
    with pytest.raises(ProtocolError, match="update the client"):
        check({"VIBERUN_PROTOCOL": "3"})


@pytest.mark.parametrize("text", ["x", "-1", "1.0", " 1", "٣", "9" * 5000])
def test_garbage_is_one_short_line(text: str) -> None:
    with pytest.raises(UsageError) as raised:
        check({"VIBERUN_PROTOCOL": text})
    assert len(str(raised.value)) < 150
    assert "\n" not in str(raised.value)
