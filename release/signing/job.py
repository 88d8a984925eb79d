"""The job of Actions that this runs in: what GitHub says of it, in a token that Sigstore takes.

https://docs.github.com/actions/reference/security/oidc
"""

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from release.transport.http import Http, HttpError, Request, read
from viberun.build import Build
from viberun.errors import ViberunError

ISSUER = "https://token.actions.githubusercontent.com"
WORKFLOW = ".github/workflows/release.yml"
_AUDIENCE = "sigstore"
_URL, _TOKEN = "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"


class NotAllowedError(ViberunError):
    """This job may not sign, and another try would not help."""


@dataclass(frozen=True)
class Token:
    """Lives for a few minutes; `claims` is what it says."""

    text: str = field(repr=False)
    claims: Mapping[str, str]

    @staticmethod
    def of(fields: Any) -> "Token":
        text = str(fields["value"])
        said = text.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(said + "=" * (-len(said) % 4)))
        return Token(text, {name: str(value) for name, value in claims.items()})


def has_right(environ: Mapping[str, str]) -> bool:
    """Tells whether GitHub gives this process such tokens, as it does a job with `id-token: write`."""
    return bool(environ.get(_URL) and environ.get(_TOKEN))


def token(http: Http, environ: Mapping[str, str]) -> Token:
    """Asks GitHub for a token. Raises NotAllowedError where it refuses, UnansweredError where it does not answer."""
    url = environ[_URL]
    request = Request(
        "GET",
        f"{url}{'&' if '?' in url else '?'}audience={_AUDIENCE}",
        {"Accept": "application/json"},
        authorization=f"bearer {environ[_TOKEN]}",
    )
    try:
        made = read(http.send(request), Token.of)
    except HttpError as error:
        raise NotAllowedError(
            f"GitHub does not say who this job is: {error.message}", remedy="give the job id-token: write"
        ) from error
    http.keep_secret(made.text)
    return made


def differences(claims: Mapping[str, str], build: Build) -> Iterator[str]:
    """Tells in what a job is not the one whose signature clients take for a build, as `viberun.sigstore.release_workflow`
    holds it against the certificate."""
    ref = "refs/heads/main" if build.channel == "dev" else f"refs/tags/{build.version.git}"
    workflow = f"{build.repository}/{WORKFLOW}@{ref}"
    for name, wanted in (
        ("iss", ISSUER),
        ("repository", build.repository),
        ("repository_id", build.repository_id),
        ("ref", ref),
        ("workflow_ref", workflow),
        ("job_workflow_ref", workflow),
        ("event_name", "push"),
        ("runner_environment", "github-hosted"),
        ("sha", build.commit),
        ("workflow_sha", build.commit),
        ("job_workflow_sha", build.commit),
    ):
        if (said := claims.get(name)) != wanted:
            yield f"its {name} is {said}, not {wanted}"
