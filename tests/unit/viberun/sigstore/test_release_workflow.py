"""Whose signature makes a release: each fact wrong once, and refused for that."""

import json
from dataclasses import replace

import pytest

from tests.sigstore import authority
from tests.sigstore.claims import Claims, claims, extensions
from tests.sigstore.signing import sign
from tests.unit.viberun.sigstore.signed import AT, BUILD, INSTANCE, JOB, TRUSTED, bundle, statement, verified
from viberun.sigstore.errors import SignatureError
from viberun.sigstore.release_workflow import Build, Repository, check

_BY_NAME = replace(TRUSTED, number=None)
_TAG = replace(BUILD, tag="v1.2.3")


def test_a_genuine_dev_build_is_taken() -> None:
    signer = check(verified(bundle()), BUILD, TRUSTED)
    assert (signer.repository, signer.number, signer.time) == ("acme/viberun", "900100200", AT)
    assert signer.run == "https://github.com/acme/viberun/actions/runs/4711/attempts/1"


def test_a_genuine_prod_build_is_taken() -> None:
    check(verified(bundle(claims(ref="refs/tags/v1.2.3"))), _TAG, TRUSTED)


def test_without_a_number_the_name_counts() -> None:
    check(verified(bundle()), BUILD, replace(_BY_NAME, name="Acme/Viberun"))


def test_a_repository_that_was_renamed_stays_the_one() -> None:
    renamed = bundle(claims(repository="acme2/vr"))
    check(verified(renamed), replace(BUILD, repository="acme2/vr"), TRUSTED)
    with pytest.raises(SignatureError, match="it was signed by acme2/vr, not by acme/viberun"):
        check(verified(renamed), replace(BUILD, repository="acme2/vr"), _BY_NAME)


_ANOTHER = "6e340b9cffb37a989ca544e6bb780a2c78901d3f"
_EVIL = "acme/viberun/.github/workflows/evil.yml@refs/heads/main"
_FORK = claims(repository="evil/viberun", repository_id="666")
_REFUSED: dict[str, tuple[Claims, Build, Repository, str]] = {
    "a fork": (
        _FORK,
        BUILD,
        TRUSTED,
        r"it was signed by evil/viberun \(number 666\), not by the repository with the number",
    ),
    "a fork, by name": (_FORK, BUILD, _BY_NAME, "it was signed by evil/viberun, not by acme/viberun"),
    "a name that somebody else took": (
        claims(repository_id="31337"),
        BUILD,
        TRUSTED,
        "not by the repository with the number 900100200",
    ),
    "a build of another repository": (
        JOB,
        replace(BUILD, repository="acme/other"),
        TRUSTED,
        "it says that it is of acme/other, and was signed by acme/viberun",
    ),
    "another branch": (
        claims(ref="refs/heads/feature"),
        BUILD,
        TRUSTED,
        "the signer is .*feature, not .*refs/heads/main",
    ),
    "another workflow": (
        claims(workflow_ref=_EVIL),
        BUILD,
        TRUSTED,
        "the signer is .*evil.yml.*, not .*release.yml",
    ),
    "called by another workflow": (
        claims(workflow_ref=_EVIL, job_workflow_ref=JOB["job_workflow_ref"]),
        BUILD,
        TRUSTED,
        "the workflow is .*evil.yml",
    ),
    "a pull request": (
        claims(event_name="pull_request_target"),
        BUILD,
        TRUSTED,
        "the event is pull_request_target, not push",
    ),
    "started by hand": (
        claims(event_name="workflow_dispatch"),
        BUILD,
        TRUSTED,
        "the event is workflow_dispatch, not push",
    ),
    "another's machine": (
        claims(runner_environment="self-hosted"),
        BUILD,
        TRUSTED,
        "the runner is self-hosted, not github-hosted",
    ),
    "another commit": (claims(sha=_ANOTHER), BUILD, TRUSTED, f"the commit is {_ANOTHER}, not {BUILD.commit}"),
    "a workflow of another commit": (claims(job_workflow_sha=_ANOTHER), BUILD, TRUSTED, "the signer's commit is"),
    "another issuer": (claims(iss="https://gitlab.com"), BUILD, TRUSTED, "the issuer is https://gitlab.com, not"),
    "a tag's for dev": (
        claims(ref="refs/tags/v1.2.3"),
        BUILD,
        TRUSTED,
        "the signer is .*v1.2.3, not .*refs/heads/main",
    ),
    "main's for prod": (JOB, _TAG, TRUSTED, "the signer is .*refs/heads/main, not .*refs/tags/v1.2.3"),
    "another tag's": (claims(ref="refs/tags/v1.2.4"), _TAG, TRUSTED, "the signer is .*v1.2.4, not .*v1.2.3"),
    "another manifest": (JOB, replace(BUILD, sha256="cd" * 32), TRUSTED, "the statement is about another build"),
    "another build's manifest": (
        JOB,
        replace(BUILD, name="viberun-1.json"),
        TRUSTED,
        "the statement is about another build",
    ),
    "another GitHub": (
        JOB,
        BUILD,
        replace(TRUSTED, server="https://git.example"),
        "the repository is .*github.com|it says",
    ),
}


@pytest.mark.parametrize(("job", "build", "trusted", "why"), _REFUSED.values(), ids=_REFUSED.keys())
def test_what_is_not_of_the_release_workflow_is_refused(
    job: Claims, build: Build, trusted: Repository, why: str
) -> None:
    with pytest.raises(SignatureError, match=why):
        check(verified(bundle(job)), build, trusted)


def test_a_certificate_that_says_it_in_another_form_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authority, "extensions", lambda *of: {**extensions(*of), "1.3.6.1.4.1.57264.1.20": b"push"})
    with pytest.raises(SignatureError, match="the certificate can't be read"):
        check(verified(bundle()), BUILD, TRUSTED)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"", "the statement can't be read"),
        (b"[]", "the statement can't be read"),
        (b'{"_type": "a", "predicateType": "b", "subject": []}', "it is a statement of another kind"),
        (
            statement("", "").replace(b"slsa.dev/provenance/v1", b"slsa.dev/provenance/v2"),
            "it is a statement of another kind",
        ),
        (statement("", "").replace(b'"subject"', b'"_type": "x", "subject"'), "a key twice"),
    ],
)
def test_what_is_no_provenance_is_refused(text: bytes, why: str) -> None:
    with pytest.raises(SignatureError, match=why):
        check(verified(json.loads(sign(INSTANCE, text, JOB, AT))), BUILD, TRUSTED)
