from __future__ import annotations

import pytest

from viberun.errors import UsageError
from viberun.protocol import PROTOCOL, ProtocolError, Speaker
from viberun.server.handshake import require_compatible_client


def client(protocol: int, oldest: int) -> dict[str, str]:
    return {"VIBERUN_PROTOCOL": str(protocol), "VIBERUN_OLDEST_PROTOCOL": str(oldest)}


@pytest.mark.parametrize("apart", [-3, -1, 0, 1, 3])
def test_apart_as_they_are_they_work_together_where_the_newer_understands_the_older(apart: int) -> None:
    require_compatible_client(client(5 + apart, 5 + min(apart, 0)), Speaker(5, 5 + min(apart, 0)))


def test_a_client_that_names_no_oldest_protocol_understands_its_own_alone() -> None:
    require_compatible_client({"VIBERUN_PROTOCOL": "5"}, Speaker(6, 4))
    with pytest.raises(ProtocolError, match="run 'viberun update'"):
        require_compatible_client({"VIBERUN_PROTOCOL": "6"}, Speaker(5, 4))


@pytest.mark.parametrize("environ", [{}, {"VIBERUN_PROTOCOL": ""}])
def test_a_person_names_no_protocol(environ: dict[str, str]) -> None:
    require_compatible_client(environ)


def test_a_newer_client_is_told_to_update_the_server() -> None:
    with pytest.raises(
        ProtocolError, match=r"^the client speaks protocol \d+ and this server \d+; run 'viberun update'"
    ):
        require_compatible_client(client(PROTOCOL + 3, PROTOCOL + 1))


def test_an_older_client_is_told_to_update_itself() -> None:
    with pytest.raises(ProtocolError, match="update the client"):
        require_compatible_client(client(3, 1), Speaker(5, 4))


@pytest.mark.parametrize("text", ["x", "-1", "1.0", " 1", "٣", "9" * 5000])
@pytest.mark.parametrize("variable", ["VIBERUN_PROTOCOL", "VIBERUN_OLDEST_PROTOCOL"])
def test_garbage_is_one_short_line(variable: str, text: str) -> None:
    with pytest.raises(UsageError) as raised:
        require_compatible_client({**client(1, 1), variable: text})
    assert len(str(raised.value)) < 150
    assert "\n" not in str(raised.value)
