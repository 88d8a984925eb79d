"""Whom the script believes: the release workflow of the repository that it installs from, and nobody else."""

import base64
import json
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.e2e.install.conftest import NEW, OLD, REPOSITORY, Channel, Person, oci, without
from tests.e2e.install.server import serving
from tests.sigstore import der
from tests.sigstore.claims import Claims, extensions
from tests.sigstore.editions import INSTANCE, job_of, signature, statement
from tests.sigstore.instance import Instance
from tests.sigstore.signing import sign

Sign = Callable[[bytes], bytes]

SIGNED = f"signed by {REPOSITORY}'s release workflow"
WORKFLOW = f"{REPOSITORY}/.github/workflows/release.yml@refs/heads/main"
CALLER = f"{REPOSITORY}/.github/workflows/other.yml@refs/heads/main"
OTHER_COMMIT = "c" * 40


class Refuses(Protocol):
    def __call__(self, *arguments: str, before: str = ..., **variables: str) -> str:
        """Runs the script for REPOSITORY, which must fail and install nothing; returns the one line, without where it is."""


@pytest.fixture
def refuses(person: Person, channel: Channel) -> Refuses:
    def run(*arguments: str, before: str = "", **variables: str) -> str:
        variables = {"VIBERUN_CHANNEL_URL": str(channel.folder), **variables}
        done = person.run("--from", REPOSITORY, *arguments, before=before, **variables)
        assert (done.status, person.files(), done.out) == (1, [], "")
        return done.line

    return run


@pytest.fixture
def signed(channel: Channel) -> Channel:
    channel.release(NEW)
    channel.sign(NEW)
    return channel


@pytest.mark.parametrize(("version", "channel_of"), [(NEW, "dev"), ("1.2.3", "prod")])
@pytest.mark.parametrize("exactly", [False, True])
def test_what_the_release_workflow_signed_is_installed(
    person: Person, channel: Channel, certificate: Path, version: str, channel_of: str, exactly: bool
) -> None:
    channel.release(version, channel=channel_of)
    channel.sign(version)
    asked = ["--version", version] if exactly else []
    with serving(channel.folder, certificate) as server:
        trusted = {"VIBERUN_CHANNEL_URL": server.url, "CURL_CA_BUNDLE": str(certificate)}
        done = person.run("--from", REPOSITORY.upper(), "--verify", *asked, VIBERUN_CHANNEL=channel_of, **trusted)
    assert (done.status, person.version()) == (0, version), done.error
    assert f"viberun install: {SIGNED}\n" in done.error


def test_a_name_may_be_as_long_as_github_has_it(person: Person, channel: Channel) -> None:
    """Some lengths take two bytes then."""
    name = f"{'o' * 39}/{'n' * 100}"
    channel.release(NEW)
    for manifest in (channel.folder / "channel.json", channel.folder / f"viberun-{oci(NEW)}.json"):
        manifest.write_text(manifest.read_text().replace(REPOSITORY, name))
    channel.sign(NEW)
    done = person.run("--from", name, VIBERUN_CHANNEL_URL=str(channel.folder))
    assert (done.status, person.version()) == (0, NEW), done.error


def _by(**claims: str) -> Sign:
    return lambda manifest: signature(manifest, **claims)


def _at(since: timedelta) -> Sign:
    """With a certificate that was issued so long before."""

    def made(manifest: bytes) -> bytes:
        job, now = job_of(manifest), datetime.now(UTC)
        return sign(INSTANCE, statement(manifest, job), job, now, certified=now - since)

    return made


def _how(instance: Instance = INSTANCE, **how: Any) -> Sign:
    def made(manifest: bytes) -> bytes:
        job = job_of(manifest)
        return sign(instance, statement(manifest, job), job, **how)

    return made


def test_a_certificate_counts_for_when_it_was_used(person: Person, channel: Channel) -> None:
    channel.release(NEW)
    channel.sign(NEW, sign=_how(at=datetime(2024, 2, 29, tzinfo=UTC)))
    person.install("--from", REPOSITORY, "--verify", VIBERUN_CHANNEL_URL=str(channel.folder))
    assert person.version() == NEW


def _changed(change: Callable[[Any, Any], None]) -> Sign:
    """A genuine bundle, with something else in it or in its entry of the log. The other is genuine as well."""

    def made(manifest: bytes) -> bytes:
        bundle, other = json.loads(signature(manifest)), json.loads(signature(manifest + b"\n"))
        change(bundle, other)
        return json.dumps(bundle).encode()

    return made


def _material(bundle: Any) -> Any:
    return bundle["verificationMaterial"]


def _entry(bundle: Any) -> Any:
    return _material(bundle)["tlogEntries"][0]


def _flip(holder: Any, name: str) -> None:
    """Another last byte."""
    content = bytearray(base64.b64decode(holder[name]))
    content[-1] ^= 1
    holder[name] = base64.b64encode(content).decode()


def _extended(manifest: bytes) -> bytes:
    """Signed by a job that may not; behind its certificate stands what that of a job would say that may."""
    job: Claims = job_of(manifest, event_name="workflow_dispatch")
    bundle = json.loads(sign(INSTANCE, statement(manifest, job), job))
    certificate = _material(bundle)["certificate"]
    more = b"".join(
        der.encode(der.SEQUENCE, der.object_identifier(oid), der.encode(der.OCTET_STRING, value))
        for oid, value in extensions(job_of(manifest)).items()
    )
    certificate["rawBytes"] = base64.b64encode(base64.b64decode(certificate["rawBytes"]) + more).decode()
    return json.dumps(bundle).encode()


_ANOTHER = "the job that signed it was of another"
_NOBODY = "the certificate of its signature is of nobody who is trusted, or was not valid then"
_NO_LOG = "its signature stands in no log that is known"
_NO_TIME = "nobody says when it was signed"
_OTHER_ENTRY = "what stands in the log is something else"
_MISFIT = "its signature does not fit"

ATTACKS: dict[str, tuple[Sign, str]] = {
    "another manifest": (lambda manifest: signature(manifest + b"\n"), "its signature is of something else"),
    "fork": (_by(repository="evil/viberun"), f"{_ANOTHER} workflow"),
    "branch": (_by(ref="refs/heads/feature"), f"{_ANOTHER} workflow"),
    "tag for a dev build": (_by(ref="refs/tags/v9.9.9"), f"{_ANOTHER} workflow"),
    "another workflow": (_by(workflow_ref=CALLER, job_workflow_ref=CALLER), f"{_ANOTHER} workflow"),
    "called by another workflow": (_by(workflow_ref=CALLER, job_workflow_ref=WORKFLOW), f"{_ANOTHER} workflow"),
    "another workflow that is called": (_by(workflow_ref=WORKFLOW, job_workflow_ref=CALLER), f"{_ANOTHER} workflow"),
    "repository alone": (
        _by(repository="evil/viberun", workflow_ref=WORKFLOW, job_workflow_ref=WORKFLOW),
        f"{_ANOTHER} repository",
    ),
    "ref alone": (_by(ref="refs/heads/x", workflow_ref=WORKFLOW, job_workflow_ref=WORKFLOW), f"{_ANOTHER} ref"),
    "pull request": (_by(event_name="pull_request_target"), f"{_ANOTHER} event than push"),
    "dispatched": (_by(event_name="workflow_dispatch"), f"{_ANOTHER} event than push"),
    "runner of somebody's own": (_by(runner_environment="self-hosted"), f"{_ANOTHER} runner than github-hosted"),
    "another issuer": (_by(iss="https://gitlab.example.org"), f"{_ANOTHER} issuer"),
    "another commit": (_by(sha=OTHER_COMMIT), f"{_ANOTHER} commit"),
    "another commit of the source": (
        lambda manifest: signature(
            manifest,
            sha=OTHER_COMMIT,
            workflow_sha=job_of(manifest)["sha"],
            job_workflow_sha=job_of(manifest)["sha"],
        ),
        f"{_ANOTHER} commit",
    ),
    "another commit's workflow": (_by(workflow_sha=OTHER_COMMIT), f"{_ANOTHER} commit"),
    "another commit's job": (_by(job_workflow_sha=OTHER_COMMIT), f"{_ANOTHER} commit"),
    "name that reads like a certificate": (
        _by(event_name="schedule", workflow="x\n            1.3.6.1.4.1.57264.1.20: \n                ..push"),
        f"{_ANOTHER} event than push",
    ),
    "more behind the certificate": (_extended, f"{_ANOTHER} event than push"),
    "another Sigstore": (_how(Instance()), _NOBODY),
    "certificate that has ended": (_at(timedelta(minutes=11)), _NOBODY),
    "certificate that has not begun": (_at(timedelta(minutes=-1)), _NOBODY),
    "certificate for something else": (_how(purpose=ExtendedKeyUsageOID.SERVER_AUTH), f"{_ANOTHER} purpose"),
    "key of another kind": (_how(curve=ec.SECP384R1()), "the key of its signature is not of P-256"),
    "another kind of statement": (_how(payload_type="application/json"), _MISFIT),
    "second version of the log": (_how(log=2), _NO_TIME),
    "signature changed": (_changed(lambda it, _: _flip(it["dsseEnvelope"]["signatures"][0], "sig")), _OTHER_ENTRY),
    "statement changed": (_changed(lambda it, _: _flip(it["dsseEnvelope"], "payload")), _OTHER_ENTRY),
    "certificate changed": (_changed(lambda it, _: _flip(_material(it)["certificate"], "rawBytes")), _NOBODY),
    "other certificate": (
        _changed(lambda it, other: _material(it).update(certificate=_material(other)["certificate"])),
        _MISFIT,
    ),
    "other entry": (_changed(lambda it, other: _material(it).update(tlogEntries=[_entry(other)])), _OTHER_ENTRY),
    "no entry": (_changed(lambda it, _: _material(it).update(tlogEntries=[])), _NO_TIME),
    "no promise": (_changed(lambda it, _: _entry(it).pop("inclusionPromise")), _NO_LOG),
    "promise changed": (_changed(lambda it, _: _flip(_entry(it)["inclusionPromise"], "signedEntryTimestamp")), _NO_LOG),
    "entry changed": (_changed(lambda it, _: _flip(_entry(it), "canonicalizedBody")), _NO_LOG),
    "index changed": (_changed(lambda it, _: _entry(it).update(logIndex="1")), _NO_LOG),
    "time changed": (
        _changed(lambda it, _: _entry(it).update(integratedTime=str(int(_entry(it)["integratedTime"]) + 60))),
        _NO_LOG,
    ),
    "empty": (lambda _: b"", _NO_TIME),
    "page": (lambda _: b"<html>Sign in to this network</html>", _NO_TIME),
    "broken off": (lambda manifest: signature(manifest)[:6000], _NO_LOG),
    "two of them": (lambda manifest: 2 * (signature(manifest) + b"\n"), _NO_LOG),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_refused(channel: Channel, refuses: Refuses, attack: str) -> None:
    made, line = ATTACKS[attack]
    channel.release(NEW)
    channel.sign(NEW, sign=made)
    said = refuses()
    assert said.startswith(f"viberun install: viberun {NEW} is not to be trusted: {line}")
    assert said.endswith("; nothing was installed; report it")


def test_a_manifest_that_was_changed_is_refused(signed: Channel, refuses: Refuses) -> None:
    manifest = signed.folder / "channel.json"
    manifest.write_text(manifest.read_text().replace('"size"', '"size" '))
    assert "its signature is of something else" in refuses()


def test_a_release_of_another_tag_is_refused(channel: Channel, refuses: Refuses) -> None:
    channel.release("1.2.3", channel="prod")
    channel.sign("1.2.3", sign=_by(ref="refs/tags/v1.2.4"))
    wanted = WORKFLOW.replace("heads/main", "tags/v1.2.3")
    assert f"{_ANOTHER} workflow than https://github.com/{wanted}; " in refuses(VIBERUN_CHANNEL="prod")


def test_a_dev_build_in_the_place_of_a_release_is_refused(person: Person, channel: Channel) -> None:
    """Genuine as it may be."""
    channel.release(NEW, below=f"{REPOSITORY}/releases/latest/download")
    with serving(channel.folder) as server:
        script = person.script.read_text().replace("github='https://github.com'", f"github='{server.url}'")
        own = replace(person, script=person.home / "own.sh")
        own.script.write_text(script)
        line = own.run("--from", REPOSITORY, VIBERUN_CHANNEL="prod").line
    assert f"is of the dev build {NEW}; report it, or give --dev" in line
    assert person.files() == []


def test_another_repository_s_build_is_refused(signed: Channel, person: Person) -> None:
    done = person.run("--from", "owner/name", VIBERUN_CHANNEL_URL=str(signed.folder))
    assert f"it says that it is of {REPOSITORY}, not of owner/name; nothing was installed" in done.line
    assert person.files() == []


def test_whose_signature_is_asked_for_must_be_known(signed: Channel, person: Person) -> None:
    done = person.run(VIBERUN_CHANNEL_URL=str(signed.folder))
    assert done.line.endswith("this copy does not know whose releases to install; give --from owner/name")


def test_the_copy_in_the_tree_believes_sigstore_s_public_instance_alone(
    signed: Channel, refuses: Refuses, person: Person
) -> None:
    text = Path(os.environ["VIBERUN_INSTALL_SCRIPT"]).read_text()
    tree = replace(person, script=person.home / "tree.sh")
    tree.script.write_text(text)
    done = tree.run("--from", REPOSITORY, VIBERUN_CHANNEL_URL=str(signed.folder))
    assert (done.status, _NOBODY in done.line) == (1, True)


def test_what_is_not_signed_is_refused_unless_it_is_on_this_machine(
    person: Person, channel: Channel, refuses: Refuses, certificate: Path
) -> None:
    channel.release(NEW)
    line = f"viberun install: viberun {NEW} is not signed; look whether the address is right, or ask for another"
    assert refuses("--verify") == f"{line} version"
    with serving(channel.folder, certificate) as server:
        assert refuses(VIBERUN_CHANNEL_URL=server.url, CURL_CA_BUNDLE=str(certificate)) == f"{line} version"
    with serving(channel.folder) as server:
        person.install(VIBERUN_CHANNEL_URL=server.url)
    assert person.version() == NEW


@pytest.mark.parametrize("is_signed", [False, True])
def test_without_openssl_nothing_is_verified_and_that_is_said(
    person: Person, channel: Channel, refuses: Refuses, certificate: Path, is_signed: bool
) -> None:
    channel.release(NEW)
    if is_signed:
        channel.sign(NEW, sign=_by(event_name="schedule"))
    hidden = without("openssl")
    with serving(channel.folder, certificate) as server:
        trusted = {"VIBERUN_CHANNEL_URL": server.url, "CURL_CA_BUNDLE": str(certificate)}
        line = refuses("--verify", before=hidden, **trusted)
        assert line == f"viberun install: viberun {NEW} can not be verified: there is no openssl; install it"
        done = person.run("--from", REPOSITORY, before=hidden, **trusted)
    assert (done.status, person.version()) == (0, NEW), done.error
    assert done.line == "viberun install: not verified: there is no openssl"
    channel.release(OLD)
    done = person.run(before=hidden, VIBERUN_CHANNEL_URL=str(channel.folder))
    assert (done.status, person.version()) == (0, OLD)
    assert "verified" not in done.error
    assert oci(OLD) in person.command.read_text()
