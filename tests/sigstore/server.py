"""An instance behind HTTP on 127.0.0.1, and the endpoint where a job of Actions gets its token.

https://github.com/sigstore/fulcio/blob/main/fulcio.proto
https://docs.github.com/actions/reference/security/oidc
"""

import base64
import datetime
import json
import os
import urllib.parse
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any, Literal

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from tests.release.servers.quiet import QuietServer, Served
from tests.sigstore.claims import ISSUER, Claims, claims
from tests.sigstore.instance import Instance
from tests.sigstore.stamps import Request

Service = Literal["actions", "fulcio", "rekor", "stamps"]

AUDIENCE = "sigstore"
_REQUEST_TOKEN = "request-token"
_SERVICES: Mapping[str, Service] = {
    "/token": "actions",
    "/api/v2/signingCert": "fulcio",
    "/api/v2/trustBundle": "fulcio",
    "/api/v1/log/entries": "rekor",
    "/api/v1/log/publicKey": "rekor",
    "/api/v2/log/entries": "rekor",
    "/api/v1/timestamp": "stamps",
}


@dataclass(frozen=True)
class Trouble:
    """What is wrong with a service: it is `down` (503), takes `seconds` to answer, breaks off in the middle (`cut`)."""

    down: bool = False
    seconds: float = 0
    cut: bool = False


@dataclass(frozen=True)
class _Answer:
    status: int
    body: bytes
    kind: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


class SigstoreServer(Served):
    """Serves from entering to leaving.

    `claims`: of the job whose token is asked for, unless the address says others (`job`); `troubles` by service; `shift`: of
    the clock of all services. They may be replaced at any time. `asked` counts requests by path, those that end in trouble as
    well.
    """

    def __init__(self, of: Claims | None = None) -> None:
        self.claims = of or claims()
        self.troubles: dict[Service, Trouble] = {}
        self.shift = datetime.timedelta()
        self.asked: Counter[str] = Counter()
        self._key = rsa.generate_private_key(65537, 2048)
        self._server = QuietServer(type("Handler", (_Handler,), {"sigstore": self}))
        self.closing = self._server.closing
        self.port = self._server.server_port
        self.instance = Instance(f"127.0.0.1:{self.port}", f"127.0.0.1:{self.port}")

    @property
    def environment(self) -> dict[str, str]:
        """What a job with `id-token: write` has."""
        return {"GITHUB_ACTIONS": "true", **self.job()}

    def job(self, **varied: str) -> dict[str, str]:
        """By what a job gets its token; what is `varied` of its claims is in the address, so that each job has its own."""
        query = urllib.parse.urlencode({"api-version": "2.0", **varied})
        return {
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": _REQUEST_TOKEN,
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{self.instance.url}/token?{query}",
        }

    def now(self) -> datetime.datetime:
        return datetime.datetime.now(datetime.UTC) + self.shift

    def token(self, audience: str, **varied: str) -> str:
        """What GitHub says of the job, for five minutes."""
        now = int(self.now().timestamp())
        said = {
            **(claims(**varied) if varied else self.claims),
            "aud": audience,
            "iat": now,
            "nbf": now - 5,
            "exp": now + 300,
            "jti": os.urandom(8).hex(),
        }
        return jwt.encode(said, self._key, "RS256")

    def issue(self, token: str, public_key: ec.EllipticCurvePublicKey) -> list[x509.Certificate]:
        """The certificate and those above it; raises ValueError if the token is not GitHub's, for Sigstore, valid."""
        try:
            said: dict[str, Any] = jwt.decode(
                token,
                self._key.public_key(),
                ["RS256"],
                options={"verify_exp": False, "verify_nbf": False, "verify_iat": False},  # they are of another clock
                audience=AUDIENCE,
                issuer=ISSUER,
            )
        except jwt.InvalidTokenError as error:
            raise ValueError(f"There was an error processing the identity token: {error}") from error
        if not said["nbf"] <= self.now().timestamp() < said["exp"]:
            raise ValueError("There was an error processing the identity token: it is not valid now")
        authority = self.instance.authority
        return [authority.issue(public_key, said, self.now()), authority.intermediate, authority.root]


class _Handler(BaseHTTPRequestHandler):
    sigstore: SigstoreServer

    def do_GET(self) -> None:
        self._handle(b"")

    def do_POST(self) -> None:
        self._handle(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def log_message(self, *_: object) -> None:
        pass

    def _handle(self, body: bytes) -> None:
        address = urllib.parse.urlsplit(self.path)
        self.sigstore.asked[address.path] += 1
        service = _SERVICES.get(address.path)
        trouble = self.sigstore.troubles.get(service, Trouble()) if service else Trouble()
        self.sigstore.closing.wait(trouble.seconds)
        if trouble.down:
            answer = _refusal(503, "down")
        else:
            try:
                answer = self._answer(f"{self.command} {address.path}", urllib.parse.parse_qs(address.query), body)
            except (KeyError, TypeError, ValueError) as error:
                answer = _refusal(400, str(error))
        self.send_response(answer.status)
        for name, value in {"Content-Type": answer.kind, **answer.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body[: len(answer.body) // 2] if trouble.cut else answer.body)

    def _answer(self, asked: str, query: Mapping[str, list[str]], body: bytes) -> _Answer:
        """Raises KeyError, TypeError, ValueError for a request that makes no sense."""
        instance = self.sigstore.instance
        match asked:
            case "GET /token":
                if self.headers.get("Authorization") != f"bearer {_REQUEST_TOKEN}":
                    return _refusal(401, "no permission")
                varied = {name: value for name, (value,) in query.items() if name not in ("audience", "api-version")}
                return _json(200, {"value": self.sigstore.token(query["audience"][0], **varied)})
            case "POST /api/v2/signingCert":
                return self._certify(json.loads(body))
            case "GET /api/v2/trustBundle":
                chain = [instance.authority.intermediate, instance.authority.root]
                return _json(200, {"chains": [{"certificates": _pem(chain)}]})
            case "GET /api/v1/log/publicKey":
                key = instance.log_v1.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
                return _Answer(200, key, "application/x-pem-file")
            case "POST /api/v1/log/entries":
                taken = instance.log_v1.add_request(json.loads(body), self.sigstore.now()).answered()
                name = next(iter(taken))
                return _json(201, taken, {"ETag": name, "Location": f"/api/v1/log/entries/{name}"})
            case "POST /api/v2/log/entries":
                return _json(201, instance.log_v2.add_request(json.loads(body)).in_bundle())
            case "POST /api/v1/timestamp":
                request = Request.parse(body)
                stamp = instance.stamps.stamp(request.digest, self.sigstore.now(), request.nonce)
                return _Answer(201, stamp, "application/timestamp-reply")
        return _refusal(404, "nothing here")

    def _certify(self, request: Any) -> _Answer:
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        token = request.get("credentials", {}).get("oidcIdentityToken", token)
        key: object
        if "certificateSigningRequest" in request:
            key = x509.load_pem_x509_csr(base64.b64decode(request["certificateSigningRequest"])).public_key()
        else:
            key = load_pem_public_key(request["publicKeyRequest"]["publicKey"]["content"].encode())
        if not isinstance(key, ec.EllipticCurvePublicKey):
            raise ValueError("The public key supplied in the request is of no kind that is known here")
        chain = self.sigstore.issue(token, key)
        return _json(200, {"signedCertificateEmbeddedSct": {"chain": {"certificates": _pem(chain)}}})


def _pem(certificates: list[x509.Certificate]) -> list[str]:
    return [one.public_bytes(Encoding.PEM).decode() for one in certificates]


def _json(status: int, said: object, headers: Mapping[str, str] | None = None) -> _Answer:
    return _Answer(status, json.dumps(said).encode(), headers=headers or {})


def _refusal(status: int, message: str) -> _Answer:
    return _json(status, {"code": status, "message": message})
