"""Trusted publishing to npm: whether the registry takes this job's identity for the package.

npm's own command asks this too, as it publishes, but says nothing where it is refused, and by then the release has begun.
The token that comes of it is thrown away. Whether it may publish, npm tells whoever publishes alone.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode, urljoin, urlsplit

from release.transport.http import Http, HttpError, Request, read
from viberun.errors import ViberunError


@dataclass(frozen=True)
class Trust:
    """`public`: the job's repository is, so that it may be named where provenance is logged. `remedy` is what to do
    should the registry refuse the job all the same."""

    public: bool
    remedy: str


class UntrustedError(ViberunError):
    """The registry does not take this job for one that may publish the package."""


@dataclass(frozen=True)
class Job:
    """A job of Actions that may ask for tokens of its identity (`id-token: write`)."""

    url: str
    token: str = field(repr=False)

    @staticmethod
    def of(environ: Mapping[str, str]) -> "Job | None":
        url, token = environ.get("ACTIONS_ID_TOKEN_REQUEST_URL"), environ.get("ACTIONS_ID_TOKEN_REQUEST_TOKEN")
        return Job(url, token) if environ.get("GITHUB_ACTIONS") and url and token else None

    def exchange_token(self, http: Http, registry: str, package: str) -> Trust:
        """Exchanges an identity for a token, as npm does. Raises UntrustedError, UnansweredError."""
        http.keep_secret(self.token)
        audience = urlencode({"audience": f"npm:{urlsplit(registry).hostname}"})
        ask = f"{self.url}{'&' if '?' in self.url else '?'}{audience}"
        exchange = urljoin(registry, f"/-/npm/v1/oidc/token/exchange/package/{quote(package, safe='@')}")
        remedy = (
            f"in the settings of {package} on npm's page make this repository and workflow its trusted publisher,"
            " and allow it 'npm publish'"
        )
        try:
            identity = _value(http, Request("GET", ask, authorization=f"Bearer {self.token}"), "value")
            post = Request("POST", exchange, authorization=f"Bearer {identity}", accepted=(200, 201), repeatable=True)
            _value(http, post, "token")
        except HttpError as error:
            raise UntrustedError(f"no trusted publishing: {error.message}", remedy=remedy) from error
        return Trust(_is_public(identity), remedy)


def _is_public(identity: str) -> bool:
    """Tells whether the token (RFC 7519) says so of the repository."""
    claims = identity.split(".")[1:2]
    try:
        return bool(json.loads(base64.urlsafe_b64decode(f"{claims[0]}==")).get("repository_visibility") == "public")
    except (ValueError, LookupError, AttributeError):
        return False


def _value(http: Http, request: Request, name: str) -> str:
    """Returns a field of the answer, kept secret."""
    value = read(http.send(request), lambda fields: str(fields[name]))
    http.keep_secret(value)
    return value
