from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.viberun.strategies import versions
from viberun.client.host.handshake import Server, require_compatible_server
from viberun.protocol import OLDEST, PROTOCOL, ProtocolError, Speaker
from viberun.version import Version

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["version", "protocol", "commit", "x"]), inner),
    max_leaves=8,
)


@given(st.text() | st.binary().map(lambda raw: raw.decode(errors="replace")) | values.map(json.dumps))
def test_garbage_of_any_kind_is_read_and_believed_in_nothing_that_it_does_not_say(said: str) -> None:
    server = Server.read(said)
    if server.version is not None:
        assert server.version.semver.split("+")[0].split("-")[0].split(".")[0] in said
    assert server.protocol is None or 0 <= server.protocol <= 10**6


@given(versions, st.integers(0, 9), st.text("abc \n{", max_size=5))
def test_what_a_server_says_is_found_behind_what_a_shell_says(version: Version, protocol: int, noise: str) -> None:
    said = json.dumps({"version": version.semver, "protocol": protocol, "commit": "x"})
    assert Server.read(f"{noise.replace('{', '')}{said}\n") == Server(version, protocol)


@pytest.mark.parametrize("protocol", ["1", True, None, -1, 1.5, [1]])
def test_a_protocol_that_is_no_number_is_not_known(protocol: object) -> None:
    assert Server.read(json.dumps({"version": "1.2.3", "protocol": protocol})) == Server(Version.prod("1.2.3"), None)


@pytest.mark.parametrize("apart", [-3, -1, 0, 1, 3])
def test_apart_as_they_are_they_work_together_where_the_newer_understands_the_older(apart: int) -> None:
    require_compatible_server(
        Server(None, 5 + apart, 5 + min(apart, 0)), "box", "refresh", Speaker(5, 5 + min(apart, 0))
    )


def test_a_server_that_names_no_oldest_protocol_understands_its_own_alone() -> None:
    require_compatible_server(Server(None, 5), "box", "refresh", Speaker(6, 4))
    with pytest.raises(ProtocolError, match="this client is too old"):
        require_compatible_server(Server(None, 6), "box", "refresh", Speaker(5, 4))


def test_too_far_apart_the_one_that_is_older_is_to_be_updated() -> None:
    with pytest.raises(
        ProtocolError, match=r"this client is too old for the server on box \(1\.2\.3\); update it with 'refresh'"
    ):
        require_compatible_server(Server(Version.prod("1.2.3"), PROTOCOL + 3, PROTOCOL + 1), "box", "refresh")
    with pytest.raises(
        ProtocolError, match=r"the server on box .* is too old for this client; run 'viberun update box'"
    ):
        require_compatible_server(Server(None, OLDEST - 1), "box", "refresh")
    with pytest.raises(ProtocolError, match="does not say what it is; run 'viberun update box'"):
        require_compatible_server(Server(Version.prod("1.2.3"), None), "box", "refresh")
