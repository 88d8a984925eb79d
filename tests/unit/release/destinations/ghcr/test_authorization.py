import json
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from release.destinations.ghcr.authorization import Authorization
from release.destinations.ghcr.credentials import Credentials
from release.destinations.ghcr.registry import DeniedError, Registry
from release.transport.http import Http
from release.transport.patience import Patience
from tests.unit.release.transport.scripted import Said, Scripted

QUICK = Patience(silence=5, first=0.001, longest=0.002, total=5, tries=2)
MANIFEST = Said(200, b"{}", {"Content-Type": "application/vnd.oci.image.index.v1+json"})


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server() -> Iterator[Scripted]:
    """Both a registry and what hands out tokens for it."""
    with Scripted() as server:
        yield server


def registry(server: Scripted, clock: Clock, login: Credentials | None) -> Registry:
    http = Http(QUICK)
    return Registry(http, server.url, Authorization(http, login, clock))


def challenge(server: Scripted) -> Said:
    header = f'Bearer realm="{server.url}/token",service="registry",scope="repository:o/image:pull"'
    return Said(401, b"", {"WWW-Authenticate": header})


def token(name: str, life: int) -> Said:
    return Said(200, json.dumps({"token": name, "expires_in": life}).encode())


def asked(server: Scripted) -> list[str]:
    """What was asked in which order, each with the Authorization it was asked with."""
    return [f"{urlsplit(heard.path).path} {heard.headers.get('authorization', '')}".strip() for heard in server.heard]


IMAGE = "/v2/o/image/manifests/dev"
BASIC = "/token Basic bWU6czM="


def test_a_token_is_used_until_it_is_about_to_run_out(server: Scripted, clock: Clock) -> None:
    server.script[:] = [challenge(server), token("first", 100), MANIFEST, MANIFEST, token("second", 100), MANIFEST]
    at = registry(server, clock, Credentials("me", "s3"))
    for now in (0, 89, 91):
        clock.now = now
        assert at.manifest("o/image", "dev")
    first, second = f"{IMAGE} Bearer first", f"{IMAGE} Bearer second"
    assert asked(server) == [IMAGE, BASIC, first, first, BASIC, second]


def test_a_token_that_has_run_out_before_its_time_is_renewed(server: Scripted, clock: Clock) -> None:
    server.script[:] = [challenge(server), token("first", 300), MANIFEST]
    server.script += [challenge(server), token("second", 300), MANIFEST]
    at = registry(server, clock, Credentials("me", "s3"))
    for _ in range(2):
        assert at.manifest("o/image", "dev")
    assert asked(server)[3:] == [f"{IMAGE} Bearer first", BASIC, f"{IMAGE} Bearer second"]


def test_a_token_that_is_refused_as_it_comes_is_not_asked_for_for_ever(server: Scripted, clock: Clock) -> None:
    server.script[:] = [challenge(server), token("first", 300), challenge(server)]
    with pytest.raises(DeniedError, match="401"):
        registry(server, clock, Credentials("me", "s3")).manifest("o/image", "dev")
    assert len(server.heard) == 3


def test_an_identity_token_is_sent_in_a_form_and_exchanged(server: Scripted, clock: Clock) -> None:
    access = Said(200, b'{"access_token": "exchanged", "expires_in": 300}')
    server.script[:] = [challenge(server), access, MANIFEST]
    assert registry(server, clock, Credentials("", "identity")).manifest("o/image", "dev")
    assert asked(server) == [IMAGE, "/token", f"{IMAGE} Bearer exchanged"]
    form = parse_qs(server.heard[1].body.decode())
    assert server.heard[1].method == "POST"
    assert form == {
        "grant_type": ["refresh_token"],
        "service": ["registry"],
        "client_id": ["viberun-release"],
        "refresh_token": ["identity"],
        "scope": ["repository:o/image:pull"],
    }
