"""sigstore's own library signs by the stand-ins over HTTP, as a job of Actions does, and meets their troubles."""

import datetime
import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from cryptography import x509
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder, decode_timestamp_response
from sigstore._internal.fulcio.client import FulcioClientError
from sigstore._internal.rekor import RekorClientError
from sigstore.dsse import Statement
from sigstore.models import Bundle, ClientTrustConfig, InvalidBundle
from sigstore.oidc import IdentityError, IdentityToken, detect_credential
from sigstore.sign import SigningContext
from sigstore.verify import Verifier, policy

from tests.sigstore.claims import ISSUER, claims, identity
from tests.sigstore.instance import LogVersion
from tests.sigstore.server import Service, SigstoreServer, Trouble

STATEMENT = (
    b'{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"file","digest":{"sha256":"00"}}],'
    b'"predicateType":"https://slsa.dev/provenance/v1","predicate":{}}'
)
LOGS: tuple[LogVersion, ...] = (1, 2)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[SigstoreServer]:
    with SigstoreServer() as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        yield server


@pytest.fixture(autouse=True)
def _only_this_machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    hosts = set()
    look_up = socket.getaddrinfo

    def getaddrinfo(host: str, *arguments: Any, **options: Any) -> Any:
        hosts.add(host)
        return look_up(host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    yield
    assert hosts <= {"127.0.0.1"}  # an address: a sandbox knows no names


def _config(server: SigstoreServer, log: LogVersion) -> ClientTrustConfig:
    return ClientTrustConfig.from_json(json.dumps(server.instance.client_trust_config(log)))


def _sign(server: SigstoreServer, log: LogVersion = 1) -> Bundle:
    token = detect_credential()
    assert token
    with SigningContext.from_trust_config(_config(server, log)).signer(IdentityToken(token)) as signer:
        return signer.sign_dsse(Statement(STATEMENT))


def _verifier(server: SigstoreServer) -> Verifier:
    return Verifier(trusted_root=_config(server, 1).trusted_root)


@pytest.mark.parametrize("log", LOGS)
def test_statement_signed_by_a_job_is_verified(server: SigstoreServer, log: LogVersion) -> None:
    server.claims = claims(ref="refs/tags/v1.2.3")
    whom = policy.Identity(identity=identity(server.claims), issuer=ISSUER)
    bundle = Bundle.from_json(_sign(server, log).to_json())
    assert _verifier(server).verify_dsse(bundle, whom) == ("application/vnd.in-toto+json", STATEMENT)
    assert server.asked == {
        "/token": 1,
        "/api/v2/signingCert": 1,
        f"/api/v{log}/log/entries": 1,
        **({"/api/v1/timestamp": 1} if log == 2 else {}),
    }


@pytest.mark.parametrize("log", LOGS)
def test_file_signed_by_a_job_is_verified(server: SigstoreServer, log: LogVersion) -> None:
    token = IdentityToken(detect_credential() or "")
    with SigningContext.from_trust_config(_config(server, log)).signer(token) as signer:
        bundle = signer.sign_artifact(b"content")
    _verifier(server).verify_artifact(b"content", bundle, policy.UnsafeNoOp())


def test_token_for_another_audience_gets_no_certificate(server: SigstoreServer) -> None:
    token = detect_credential("another")
    assert token
    with pytest.raises(IdentityError):
        IdentityToken(token)
    context = SigningContext.from_trust_config(_config(server, 1))
    with pytest.raises(FulcioClientError), context.signer(IdentityToken(token, "another")):
        pass


def test_token_of_another_issuer_gets_no_certificate(server: SigstoreServer) -> None:
    with SigstoreServer() as other:
        token = IdentityToken(other.token("sigstore"))
    with pytest.raises(FulcioClientError), SigningContext.from_trust_config(_config(server, 1)).signer(token):
        pass


def test_wrong_request_token_is_no_permission(server: SigstoreServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "wrong")
    with pytest.raises(IdentityError, match="401"):
        _sign(server)


def test_job_without_permission_asks_nobody(server: SigstoreServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ACTIONS_ID_TOKEN_REQUEST_URL")
    with pytest.raises(IdentityError, match="insufficient"):
        _sign(server)
    assert not server.asked


@pytest.mark.parametrize("log", LOGS)
def test_service_that_is_down_ends_in_its_own_error(server: SigstoreServer, log: LogVersion) -> None:
    errors: dict[Service, type[Exception]] = {
        "actions": IdentityError,
        "fulcio": FulcioClientError,
        "rekor": RekorClientError,
    }
    if log == 2:
        errors["stamps"] = InvalidBundle
    for service, error in errors.items():
        server.troubles = {service: Trouble(down=True)}
        with pytest.raises(error):
            _sign(server, log)
    server.troubles = {}
    _sign(server, log)


@pytest.mark.parametrize("log", LOGS)
def test_answer_that_breaks_off_is_an_error(server: SigstoreServer, log: LogVersion) -> None:
    server.troubles = {"fulcio": Trouble(cut=True)}
    with pytest.raises(requests.RequestException):
        _sign(server, log)
    server.troubles = {"rekor": Trouble(cut=True)}
    with pytest.raises(requests.RequestException):
        _sign(server, log)


def test_slow_service_answers_in_the_end(server: SigstoreServer) -> None:
    server.troubles = {"fulcio": Trouble(seconds=0.4)}
    started = time.monotonic()
    _sign(server)
    assert time.monotonic() - started >= 0.4


def test_closing_waits_for_no_slow_service() -> None:
    with SigstoreServer() as server:
        server.troubles = {"fulcio": Trouble(seconds=60)}
        address = f"{server.instance.url}/api/v2/trustBundle"
        asking = threading.Thread(target=requests.get, args=(address,))
        asking.start()
        until = time.monotonic() + 10
        while not server.asked:
            assert time.monotonic() < until, "the request did not come"
            time.sleep(0.01)
    asking.join(10)
    assert not asking.is_alive()


def test_clock_can_be_shifted(server: SigstoreServer) -> None:
    token = server.token("sigstore")
    server.shift = datetime.timedelta(days=-40)
    context = SigningContext.from_trust_config(_config(server, 1))
    with pytest.raises(FulcioClientError), context.signer(IdentityToken(token)):
        pass
    answer = requests.post(
        f"{server.instance.url}/api/v1/log/entries",
        json={"apiVersion": "0.0.1", "kind": "hashedrekord", "spec": {"data": {}, "signature": {}}},
        timeout=10,
    )
    (entry,) = answer.json().values()
    assert abs(time.time() - 40 * 86400 - entry["integratedTime"]) < 60


def test_keys_are_told(server: SigstoreServer) -> None:
    said = requests.get(f"{server.instance.url}/api/v2/trustBundle", timeout=10).json()
    chain = [x509.load_pem_x509_certificate(one.encode()) for one in said["chains"][0]["certificates"]]
    assert chain == [server.instance.authority.intermediate, server.instance.authority.root]
    key = requests.get(f"{server.instance.url}/api/v1/log/publicKey", timeout=10).text
    assert key.startswith("-----BEGIN PUBLIC KEY-----")


def test_stamp_repeats_the_nonce(server: SigstoreServer) -> None:
    request = TimestampRequestBuilder().data(b"content").hash_algorithm(HashAlgorithm.SHA256).nonce(nonce=True).build()
    address = f"{server.instance.url}/api/v1/timestamp"
    stamp = decode_timestamp_response(requests.post(address, request.as_bytes(), timeout=10).content)
    assert stamp.tst_info.nonce == request.nonce is not None
    request = TimestampRequestBuilder().data(b"content").hash_algorithm(HashAlgorithm.SHA512).build()
    assert requests.post(address, request.as_bytes(), timeout=10).status_code == 400


@pytest.mark.parametrize(
    "path", ["/api/v2/signingCert", "/api/v1/log/entries", "/api/v2/log/entries", "/api/v1/timestamp"]
)
def test_request_that_makes_no_sense_is_refused(server: SigstoreServer, path: str) -> None:
    for body in (b"", b"{}", b"0\x05\x02"):
        assert requests.post(f"{server.instance.url}{path}", body, timeout=10).status_code == 400
