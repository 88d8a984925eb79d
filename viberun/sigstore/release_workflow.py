"""Whose signature makes a build a release: that of one repository's release workflow, run by GitHub for a push to main or for
the tag of that very version.

What is held against it is what GitHub said of the job and Fulcio wrote into the certificate
(https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md), so no step of the job can say otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from viberun.sigstore import strict
from viberun.sigstore.bundle import Signed
from viberun.sigstore.certificate import Certificate
from viberun.sigstore.errors import SignatureError

_ISSUER = "https://token.actions.githubusercontent.com"
_WORKFLOW = ".github/workflows/release.yml"
_DEV_REF = "refs/heads/main"
_PAYLOAD = "application/vnd.in-toto+json"
_STATEMENT, _PROVENANCE = "https://in-toto.io/Statement/v1", "https://slsa.dev/provenance/v1"
_FULCIO = "1.3.6.1.4.1.57264.1."
_EXTENSIONS = {
    "issuer": "8",
    "signer": "9",
    "signer's commit": "10",
    "runner": "11",
    "repository": "12",
    "commit": "13",
    "ref": "14",
    "repository's number": "15",
    "workflow": "18",
    "workflow's commit": "19",
    "event": "20",
    "run": "21",
}


@dataclass(frozen=True)
class Repository:
    """Who is trusted. `number` is GitHub's: it stays where a repository is renamed or moved, and a name that somebody else takes
    later has another. Without one the name counts. `server` is the address of GitHub, without a slash at its end."""

    name: str
    number: str | None = None
    server: str = "https://github.com"


@dataclass(frozen=True)
class Build:
    """What a manifest, whose text has this name and sha256 (hex), says of its build. `tag` is None for dev."""

    name: str
    sha256: str
    repository: str
    commit: str
    tag: str | None


@dataclass(frozen=True)
class Signer:
    """Who vouches for a build: the run of GitHub Actions by its address, and where its signature stands in the log."""

    repository: str
    number: str
    run: str
    time: datetime
    log_index: int


def check(signed: Signed, build: Build, trusted: Repository) -> Signer:
    """Raises SignatureError unless it is this very build that the trusted repository's release workflow signed, for what the
    build says it is."""
    says, names = _read(signed.certificate)
    name, number = says["repository"].removeprefix(f"{trusted.server}/"), says["repository's number"]
    if trusted.number is not None and number != trusted.number:
        raise SignatureError(
            f"it was signed by {name} (number {number}), not by the repository with the number {trusted.number}"
        )
    if trusted.number is None and name.lower() != trusted.name.lower():
        raise SignatureError(f"it was signed by {name}, not by {trusted.name}")
    if name != build.repository:
        raise SignatureError(f"it says that it is of {build.repository}, and was signed by {name}")
    ref = _DEV_REF if build.tag is None else f"refs/tags/{build.tag}"
    workflow = f"{trusted.server}/{name}/{_WORKFLOW}@{ref}"
    wanted = {
        "issuer": _ISSUER,
        "repository": f"{trusted.server}/{name}",
        "signer": workflow,
        "workflow": workflow,
        "ref": ref,
        "event": "push",
        "runner": "github-hosted",
        "commit": build.commit,
        "signer's commit": build.commit,
        "workflow's commit": build.commit,
    }
    for fact, value in wanted.items():
        if says[fact] != value:
            raise SignatureError(f"the {fact} is {says[fact] or 'not said'}, not {value}")
    if names != [workflow]:
        raise SignatureError(f"it was signed by {' '.join(names) or 'nobody'}, not by {workflow}")
    _check_statement(signed, build)
    return Signer(name, number, says["run"], signed.time, signed.log_index)


def _read(certificate: Certificate) -> tuple[dict[str, str], list[str]]:
    """What GitHub said of the job, and whom the certificate is for. Raises SignatureError."""
    try:
        says = {fact: certificate.text(f"{_FULCIO}{number}") or "" for fact, number in _EXTENSIONS.items()}
        return says, certificate.names
    except ValueError as error:
        raise SignatureError(f"the certificate can't be read ({type(error).__name__}: {error})") from error


def _check_statement(signed: Signed, build: Build) -> None:
    """That it is provenance (in-toto Statement v1, SLSA provenance v1), and of this build's manifest."""
    try:
        statement = strict.loads(signed.payload)
        kinds = signed.kind, statement["_type"], statement["predicateType"]
        subjects = [(each["name"], each["digest"]["sha256"]) for each in statement["subject"]]
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise SignatureError(f"the statement can't be read ({type(error).__name__}: {error})") from error
    if kinds != (_PAYLOAD, _STATEMENT, _PROVENANCE):
        raise SignatureError(f"it is a statement of another kind: {' '.join(map(str, kinds))}")
    if (build.name, build.sha256) not in subjects:
        raise SignatureError("the statement is about another build")
