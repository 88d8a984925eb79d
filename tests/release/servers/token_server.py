"""Hands out tokens for a docker-registry, with ghcr.io's rules: only who logs in may push, and nobody else may pull what
has not been made public.

By https://distribution.github.io/distribution/spec/auth/token/ and .../jwt/.
"""

import base64
import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import NameOID

from tests.release.servers.quiet import QuietServer, Served


class TokenServer(Served):
    """`users` are names with passwords; `public` the repositories that anybody may pull from; tokens live `life` seconds.

    `identities` are identity tokens with their users, for the OAuth form of a login.
    """

    service = "registry"
    issuer = "tests"

    def __init__(self, users: Mapping[str, str], life: int = 300) -> None:
        self.users = dict(users)
        self.identities: dict[str, str] = {}
        self.read_only: set[str] = set()
        self.public: set[str] = set()
        self.life = life
        self.granted: list[tuple[str | None, tuple[str, ...]]] = []
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._certificate = _self_signed(self._key)
        self._server = QuietServer(type("Handler", (_Handler,), {"tokens": self}))

    @property
    def realm(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/token"

    @property
    def certificate(self) -> bytes:
        """PEM, for the registry to check tokens with."""
        return self._certificate.public_bytes(serialization.Encoding.PEM)

    def token(self, user: str | None, scopes: tuple[str, ...]) -> str:
        """A JWT that grants as much of the scopes as the user, None for anybody, may have."""
        self.granted.append((user, scopes))
        access = []
        for scope in scopes:
            kind, name, actions = scope.split(":")
            allowed = {"pull"} if user or name in self.public else set[str]()
            allowed |= {"push", "delete"} if user and user not in self.read_only else set()
            access.append(
                {"type": kind, "name": name, "actions": [each for each in actions.split(",") if each in allowed]}
            )
        now = int(time.time())
        claims: dict[str, object] = {
            "iss": self.issuer,
            "sub": user or "",
            "aud": self.service,
            "access": access,
            "jti": str(now),
        }
        claims |= {"iat": now, "nbf": now - 10, "exp": now + self.life}
        chain = base64.b64encode(self._certificate.public_bytes(serialization.Encoding.DER)).decode()
        signed = f"{_part({'typ': 'JWT', 'alg': 'ES256', 'x5c': [chain]})}.{_part(claims)}"
        first, second = decode_dss_signature(self._key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{signed}.{_base64(first.to_bytes(32) + second.to_bytes(32))}"


def _self_signed(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tests")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = (
        builder.serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    )
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return builder.sign(key, hashes.SHA256())


def _part(fields: Mapping[str, object]) -> str:
    return _base64(json.dumps(fields).encode())


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _refusal(message: str) -> Mapping[str, object]:
    return {"errors": [{"code": "UNAUTHORIZED", "message": message}]}


class _Handler(BaseHTTPRequestHandler):
    tokens: TokenServer

    def do_GET(self) -> None:
        user = None
        scheme, _, login = self.headers.get("Authorization", "").partition(" ")
        if scheme == "Basic":
            user, _, password = base64.b64decode(login).decode().partition(":")
            if self.tokens.users.get(user) != password:
                return self._answer(401, _refusal("incorrect username or password"))
        scopes = tuple(parse_qs(urlsplit(self.path).query).get("scope", []))
        return self._answer(200, {"token": self.tokens.token(user, scopes), "expires_in": self.tokens.life})

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        user = self.tokens.identities.get(form.get("refresh_token", [""])[0])
        if form.get("grant_type") != ["refresh_token"] or user is None:
            return self._answer(401, _refusal("invalid_grant"))
        token = self.tokens.token(user, tuple(form.get("scope", [""])[0].split()))
        return self._answer(200, {"access_token": token, "expires_in": self.tokens.life})

    def _answer(self, status: int, fields: Mapping[str, object]) -> None:
        content = json.dumps(fields).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """TokenServer.granted is the log."""
