"""A job of Actions signs by Sigstore's services, as far as they and GitHub let it."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from release.destinations.github import notes
from release.signing.job import NotAllowedError
from release.signing.signer import JobSigner, SigningError, Trust
from release.transport.http import Http, UnansweredError
from release.transport.patience import Patience
from release.transport.programs import PYTHON_VARIABLES, python
from tests.release import fabricated
from tests.release.signing import varied, written
from tests.sigstore.instance import Instance
from tests.sigstore.server import Service, SigstoreServer, Trouble
from viberun.errors import ViberunError
from viberun.manifest import Image, Manifest
from viberun.sigstore.errors import SignatureError

DEV, PROD = (replace(build, repository_id="4711") for build in (fabricated.DEV, fabricated.PROD))
IMAGES = {"viberun": Image("ghcr.io/some-owner/viberun/viberun:dev", f"sha256:{'ab' * 32}")}
HASTY = Patience(silence=30, first=0.01, longest=0.05, lag=0.03)


@pytest.fixture
def sigstore() -> Iterator[SigstoreServer]:
    with SigstoreServer() as server:
        yield server


@pytest.fixture
def trust(sigstore: SigstoreServer, tmp_path: Path) -> Trust:
    return written(sigstore.instance, tmp_path)


def signer(trust: Trust, environ: Mapping[str, str], patience: Patience = HASTY) -> JobSigner:
    return JobSigner(Http(patience), {"PATH": os.environ["PATH"], **environ}, trust)


def manifest(build: object = DEV) -> Manifest:
    return Manifest(build, "", (), IMAGES)  # type: ignore[arg-type]


def quiet(text: str) -> None:
    """Whoever waits is told nothing."""


@pytest.mark.parametrize("build", [DEV, PROD])
def test_the_run_of_a_build_signs_its_manifest_files_and_images(
    sigstore: SigstoreServer, trust: Trust, build: object
) -> None:
    of = manifest(build)
    own = signer(trust, sigstore.job(**varied(of.build)))
    assert own.hindrance(of.build) is None
    made = own.sign(of, quiet)
    assert made.endswith(b"}\n")
    assert made.count(b"\n") == 1
    said = own.check(of, made)
    assert (said.repository, said.number) == ("Some-Owner/viberun", "4711")
    assert said.run == "https://github.com/Some-Owner/viberun/actions/runs/4711/attempts/1"


def test_sigstores_own_command_takes_it_as_the_releases_page_says(
    sigstore: SigstoreServer, trust: Trust, tmp_path: Path
) -> None:
    of = manifest(replace(DEV, repository_id="900100200"))
    (tmp_path / of.name).write_text(of.to_json())
    own = signer(trust, sigstore.job(**varied(of.build)))
    (tmp_path / of.signature_name).write_bytes(own.sign(of, quiet))
    (tmp_path / "config.json").write_text(json.dumps(sigstore.instance.client_trust_config()))
    page = notes.text(of, None, "https://github.com")
    (command,) = (line for line in page.splitlines() if line.startswith("python -m sigstore verify "))
    words = command.replace(" FILE", f" {of.name}").split()[3:]

    def verify(*changed: str) -> int:
        return subprocess.run(
            python("sigstore", "--trust-config", "config.json", *words[:-1], *changed, words[-1]),
            env={"HOME": str(tmp_path), **PYTHON_VARIABLES},
            cwd=tmp_path,
            capture_output=True,
        ).returncode

    assert verify() == 0
    assert verify("--trigger", "workflow_dispatch") != 0
    (tmp_path / of.name).write_text(of.to_json() + " ")
    assert verify() != 0


def test_of_another_build_it_is_no_signature(sigstore: SigstoreServer, trust: Trust) -> None:
    of = manifest()
    own = signer(trust, sigstore.job(**varied(of.build)))
    made = own.sign(of, quiet)
    with pytest.raises(SignatureError, match="about another build"):
        own.check(replace(of, images={}), made)


def test_outside_of_actions_a_build_is_left_to_its_run(trust: Trust) -> None:
    for build, pushed in ((DEV, "push it"), (PROD, "push the tag v1.2.3")):
        hindrance = str(signer(trust, {}).hindrance(build))
        assert hindrance.startswith("nobody has signed this build yet; its run in Actions signs it: ")
        assert f"{pushed}, or run that again (https://github.com/Some-Owner/viberun/actions/" in hindrance
        with pytest.raises(NotAllowedError, match="nobody has signed this build yet"):
            signer(trust, {}).sign(manifest(build), quiet)


def test_a_job_without_the_right_is_told_which_it_needs(sigstore: SigstoreServer, trust: Trust) -> None:
    assert "give it id-token: write" in str(signer(trust, {"GITHUB_ACTIONS": "true"}).hindrance(DEV))
    refused = {**sigstore.job(**varied(DEV)), "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "another"}
    assert "give the job id-token: write" in str(signer(trust, refused).hindrance(DEV))


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        ("event_name", "workflow_dispatch"),
        ("runner_environment", "self-hosted"),
        ("ref", "refs/heads/other"),
        ("sha", "1" * 40),
        ("repository_id", "1"),
        ("job_workflow_ref", "Some-Owner/viberun/.github/workflows/other.yml@refs/heads/main"),
    ],
)
def test_a_job_whose_signature_nobody_would_take_signs_nothing(
    sigstore: SigstoreServer, trust: Trust, claim: str, said: str
) -> None:
    own = signer(trust, sigstore.job(**{**varied(DEV), claim: said}))
    assert f"its {claim} is {said}, not " in str(own.hindrance(DEV))
    with pytest.raises(NotAllowedError, match="nobody would take a signature of this job"):
        own.sign(manifest(), quiet)
    assert not sigstore.asked["/api/v2/signingCert"]


@pytest.mark.parametrize("service", ["fulcio", "rekor"])
def test_a_service_that_comes_back_is_waited_for(
    sigstore: SigstoreServer, trust: Trust, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    sigstore.troubles = {service: Trouble(down=True)}
    own = signer(trust, sigstore.job(**varied(DEV)), replace(HASTY, lag=60))
    noted = list[str]()

    def note(text: str) -> None:
        noted.append(text)
        sigstore.troubles = {}

    own.check(manifest(), own.sign(manifest(), note))
    assert noted == ["waits for the services that sign"]


@pytest.mark.parametrize("trouble", [Trouble(down=True), Trouble(cut=True), Trouble(seconds=60)])
@pytest.mark.parametrize("service", ["fulcio", "rekor"])
def test_a_service_that_stays_away_is_told(
    sigstore: SigstoreServer, trust: Trust, service: Service, trouble: Trouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("release.signing.signer._START_SECONDS", 5.0)
    sigstore.troubles = {service: trouble}
    own = signer(trust, sigstore.job(**varied(DEV)), replace(HASTY, silence=2))
    with pytest.raises(SigningError, match=r"the services that sign don't answer .*the same command goes on"):
        own.sign(manifest(), quiet)


def test_where_github_does_not_say_who_the_job_is_it_is_asked_again(sigstore: SigstoreServer, trust: Trust) -> None:
    sigstore.troubles = {"actions": Trouble(down=True)}
    own = signer(trust, sigstore.job(**varied(DEV)))
    with pytest.raises(UnansweredError):
        own.hindrance(DEV)
    assert sigstore.asked["/token"] == HASTY.tries


def test_a_job_that_sigstore_refuses_is_told_at_once(sigstore: SigstoreServer, trust: Trust, tmp_path: Path) -> None:
    with SigstoreServer() as other:
        own = signer(trust, other.job(**varied(DEV)), replace(HASTY, lag=60))
        with pytest.raises(NotAllowedError, match=r"Sigstore does not let this job sign: .*400"):
            own.sign(manifest(), quiet)


def test_what_is_signed_by_services_that_are_not_trusted_is_not_used(
    sigstore: SigstoreServer, trust: Trust, tmp_path: Path
) -> None:
    root = Instance().trusted_root()
    root["ctlogs"] = sigstore.instance.trusted_root()["ctlogs"]  # sigstore itself looks at that one
    trust.trusted_root.write_text(json.dumps(root))
    with pytest.raises(ViberunError, match=r"signing failed|what was signed is no good"):
        signer(trust, sigstore.job(**varied(DEV))).sign(manifest(), quiet)


def test_no_token_is_in_what_is_said(sigstore: SigstoreServer, trust: Trust) -> None:
    sigstore.troubles = {"fulcio": Trouble(down=True)}
    own = signer(trust, sigstore.job(**varied(DEV)))
    with pytest.raises(SigningError) as caught:
        own.sign(manifest(), quiet)
    assert "eyJ" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"mediaType": "other"}'])
def test_a_file_that_is_no_trusted_root_is_one_line(tmp_path: Path, text: str) -> None:
    file = tmp_path / "root.json"
    file.write_text(text)
    with pytest.raises(ViberunError, match=r"root.json is no trusted root \("):
        signer(Trust(file, file), {})
