"""How a registry is told who asks: the challenge of a 401, and tokens by the Docker Registry v2 token specification.

https://distribution.github.io/distribution/spec/auth/token/ and .../oauth/ (for identity tokens).
"""

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from release.destinations.ghcr.credentials import Credentials
from release.transport.body import Body
from release.transport.http import Answer, Http, Request, read

_PARAMETER = re.compile(r'(\w+)="([^"]*)"')
_CLIENT = "viberun-release"
_LEAST_LIFE = 60.0
_MARGIN = 10.0


@dataclass(frozen=True)
class Challenge:
    """What a WWW-Authenticate header asks for (RFC 9110, 11.6.1; RFC 6750, 3)."""

    scheme: str
    realm: str
    service: str
    scope: str

    @staticmethod
    def of(header: str) -> "Challenge | None":
        scheme, _, rest = header.partition(" ")
        found = dict(_PARAMETER.findall(rest))
        if scheme.lower() not in ("basic", "bearer") or "realm" not in found:
            return None
        return Challenge(scheme.lower(), found["realm"], found.get("service", ""), found.get("scope", ""))


class Authorization:
    """The Authorization header for requests of given scopes to one registry; None of the credentials: anonymous."""

    def __init__(
        self, http: Http, credentials: Credentials | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._http = http
        self._credentials = credentials
        self._clock = clock
        self._lock = threading.Lock()
        self._challenge: Challenge | None = None
        self._tokens: dict[tuple[str, ...], tuple[str, float]] = {}
        if credentials:
            http.keep_secret(credentials.secret, credentials.basic.removeprefix("Basic "))

    def header(self, scopes: tuple[str, ...]) -> str | None:
        """Tells what to send at first; None until the registry has asked for something."""
        with self._lock:
            if self._challenge is None:
                return None
            if self._challenge.scheme == "basic":
                return self._credentials.basic if self._credentials else None
            token, until = self._tokens.get(scopes, ("", 0.0))
            if self._clock() >= until:
                token, life = self._fetch(self._challenge, scopes)
                self._http.keep_secret(token)
                self._tokens[scopes] = token, self._clock() + life - _MARGIN
            return f"Bearer {token}"

    def accept_challenge(self, refused: Answer, scopes: tuple[str, ...], sent: str | None) -> bool:
        """Takes in a 401; returns whether to ask again, which is pointless with what was just refused."""
        challenge = Challenge.of(refused.headers.get("www-authenticate", ""))
        if challenge is None:
            return False
        with self._lock:
            self._challenge = challenge
            token, _ = self._tokens.get(scopes, ("", 0.0))
            if challenge.scheme == "bearer" and sent == f"Bearer {token}":
                del self._tokens[scopes]
        return sent is None or challenge.scheme == "bearer"

    def _fetch(self, challenge: Challenge, scopes: tuple[str, ...]) -> tuple[str, float]:
        """Fetches a token; returns it and the seconds that it lives."""
        credentials = self._credentials
        if credentials is not None and not credentials.user:
            fields = [("grant_type", "refresh_token"), ("service", challenge.service), ("client_id", _CLIENT)]
            fields += [("refresh_token", credentials.secret), ("scope", " ".join(scopes))]
            form = {"Content-Type": "application/x-www-form-urlencoded"}
            request = Request("POST", challenge.realm, form, Body(urlencode(fields).encode()), repeatable=True)
        else:
            query = urlencode([("service", challenge.service), *(("scope", scope) for scope in scopes)])
            join = "&" if "?" in challenge.realm else "?"
            basic = credentials.basic if credentials else None
            request = Request("GET", f"{challenge.realm}{join}{query}", authorization=basic)
        return read(self._http.send(request), _token)


def _token(fields: Any) -> tuple[str, float]:
    token = fields.get("token") or fields["access_token"]
    return str(token), max(_LEAST_LIFE, float(fields.get("expires_in", _LEAST_LIFE)))
