from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viberun.errors import ViberunError
from viberun.server.engine.refusal import explain, passes
from viberun.server.errors import ConflictError, DockerError, ImageError, PortTakenError

# As Docker 20.10 and 28 say it.
NOT_THERE = "manifest for 127.0.0.1:5000/a:dev not found: manifest unknown: manifest unknown"
DENIED = 'Head "https://ghcr.io/v2/o/viberun/manifests/dev": denied'
FULL = "write /var/lib/docker/tmp/GetImageBlob1: no space left on device"
TAKEN = (
    "driver failed programming external connectivity on endpoint viberun-app-a (1f): Error starting userland proxy: "
    "listen tcp4 127.0.0.1:20000: bind: address already in use"
)
ALLOCATED = "Bind for 127.0.0.1:20000 failed: port is already allocated"
NAMED = 'Conflict. The container name "/viberun-app-a" is already in use by container "1f". You have to remove (or rename) it'
NO_NETWORK = 'Get "https://ghcr.io/v2/": dial tcp: lookup ghcr.io on 127.0.0.53:53: no such host'
NO_USER = "unable to find user viberun: no matching entries in passwd file"
LIMIT = "toomanyrequests: You have reached your pull rate limit."
REFUSED = 'Get "http://127.0.0.1:5000/v2/": dial tcp 127.0.0.1:5000: connect: connection refused'


@pytest.mark.parametrize(
    ("text", "kind", "remedy"),
    [
        (NOT_THERE, ImageError, "look at its name"),
        (DENIED, ImageError, "not public"),
        (FULL, DockerError, "disk space"),
        (TAKEN, PortTakenError, "listens"),
        (ALLOCATED, PortTakenError, "listens"),
        (NAMED, ConflictError, "rename or remove"),
        (NO_NETWORK, ImageError, "network"),
        (REFUSED, ImageError, "network"),
        (NO_USER, ImageError, "VIBERUN_IMAGE"),
        (LIMIT, ImageError, "wait"),
        ("x509: certificate signed by unknown authority", ImageError, "clock"),
        ("No such image: a:dev", ImageError, "images pull"),
    ],
)
def test_what_docker_says_gets_a_remedy(text: str, kind: type[ViberunError], remedy: str) -> None:
    error = explain("pulling a:dev", text)
    assert type(error) is kind
    assert str(error).startswith("pulling a:dev: ")
    assert error.remedy is not None
    assert remedy in error.remedy


@pytest.mark.parametrize("text", [REFUSED, "net/http: TLS handshake timeout", "unexpected EOF", 'Get "x": EOF'])
def test_what_may_pass_is_worth_another_try(text: str) -> None:
    assert passes(text)


@pytest.mark.parametrize("text", [NOT_THERE, DENIED, FULL, LIMIT, TAKEN])
def test_what_will_not_pass_is_not(text: str) -> None:
    assert not passes(text)


@given(st.text())
def test_whatever_it_says_is_one_line(text: str) -> None:
    assert "\n" not in str(explain("doing it", text))
    assert str(explain("doing it", text)) != "doing it: "
