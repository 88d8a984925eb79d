from __future__ import annotations

import socket

import pytest

from viberun.server.apps import ports
from viberun.server.errors import ConflictError


def test_the_lowest_free_one_is_chosen() -> None:
    assert ports.choose((), lambda _: False) == 20000
    assert ports.choose({20000, 20002}, lambda _: False) == 20001
    assert ports.choose({20000}, lambda port: port == 20001) == 20002


def test_none_left_is_said() -> None:
    with pytest.raises(ConflictError, match="no port from 20000 to 29999 is free; remove an app"):
        ports.choose((), lambda _: True)


def test_what_listens_is_seen() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert ports.listens(port)
    assert not ports.listens(port)
