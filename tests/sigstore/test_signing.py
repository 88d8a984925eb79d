"""sigstore's own library takes what the stand-ins signed, offline, and refuses what they did not."""

import base64
import datetime
import json
from collections.abc import Callable
from typing import Any

import pytest
from sigstore.errors import VerificationError
from sigstore.models import Bundle, ClientTrustConfig, InvalidBundle
from sigstore.verify import Verifier, policy

from tests.sigstore.claims import ISSUER, claims, identity
from tests.sigstore.instance import Instance, LogVersion
from tests.sigstore.signing import PAYLOAD_TYPE, sign

STATEMENT = b'{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"file","digest":{"sha256":"00"}}]}'
THEN = datetime.datetime(2024, 2, 29, 12, tzinfo=datetime.UTC)
LOGS: tuple[LogVersion, ...] = (1, 2)


@pytest.fixture(scope="module")
def instance() -> Instance:
    return Instance()


def _verify(instance: Instance, bundle: bytes, whom: policy.VerificationPolicy | None = None) -> tuple[str, bytes]:
    root = ClientTrustConfig.from_json(json.dumps(instance.client_trust_config())).trusted_root
    return Verifier(trusted_root=root).verify_dsse(Bundle.from_json(bundle), whom or policy.UnsafeNoOp())


@pytest.mark.parametrize("stamps", [0, 1, 2])
@pytest.mark.parametrize("log", LOGS)
def test_signed_at_any_time_is_verified(instance: Instance, log: LogVersion, stamps: int) -> None:
    for at in (THEN, datetime.datetime.now(datetime.UTC), datetime.datetime(2035, 1, 1, tzinfo=datetime.UTC)):
        stamped = [at + datetime.timedelta(minutes=number) for number in range(stamps)] or None
        bundle = sign(instance, STATEMENT, claims(), at, log=log, stamped=stamped)
        assert _verify(instance, bundle) == (PAYLOAD_TYPE, STATEMENT)


@pytest.mark.parametrize("log", LOGS)
def test_many_entries_are_verified(instance: Instance, log: LogVersion) -> None:
    for number in range(40):
        statement = STATEMENT + b" " * number
        assert _verify(instance, sign(instance, statement, claims(), log=log))[1] == statement


def test_certificate_says_who_signed(instance: Instance) -> None:
    run = claims(repository="acme/other", ref="refs/tags/v1.2.3", event_name="release", sha="1" * 40)
    bundle = sign(instance, STATEMENT, run, THEN)
    said = policy.AllOf(
        [
            policy.Identity(
                identity="https://github.com/acme/other/.github/workflows/release.yml@refs/tags/v1.2.3", issuer=ISSUER
            ),
            policy.GitHubWorkflowTrigger("release"),
            policy.GitHubWorkflowSHA("1" * 40),
            policy.GitHubWorkflowName("release"),
            policy.GitHubWorkflowRepository("acme/other"),
            policy.GitHubWorkflowRef("refs/tags/v1.2.3"),
            policy.OIDCIssuerV2(ISSUER),
            policy.OIDCBuildSignerURI(identity(run)),
            policy.OIDCBuildSignerDigest("1" * 40),
            policy.OIDCRunnerEnvironment("github-hosted"),
            policy.OIDCSourceRepositoryURI("https://github.com/acme/other"),
            policy.OIDCSourceRepositoryDigest("1" * 40),
            policy.OIDCSourceRepositoryRef("refs/tags/v1.2.3"),
            policy.OIDCSourceRepositoryIdentifier("900100200"),
            policy.OIDCSourceRepositoryOwnerURI("https://github.com/acme"),
            policy.OIDCSourceRepositoryOwnerIdentifier("70080090"),
            policy.OIDCBuildConfigURI(identity(run)),
            policy.OIDCBuildConfigDigest("1" * 40),
            policy.OIDCBuildTrigger("release"),
            policy.OIDCRunInvocationURI("https://github.com/acme/other/actions/runs/4711/attempts/1"),
            policy.OIDCSourceRepositoryVisibility("public"),
        ]
    )
    _verify(instance, bundle, said)
    with pytest.raises(VerificationError):
        _verify(instance, sign(instance, STATEMENT, claims(), THEN), said)


def test_claim_that_github_does_not_make_is_an_error() -> None:
    with pytest.raises(TypeError, match="no claims of GitHub's: repo"):
        claims(repo="acme/viberun")


@pytest.mark.parametrize("log", LOGS)
def test_another_instance_is_not_trusted(instance: Instance, log: LogVersion) -> None:
    with pytest.raises(VerificationError):
        _verify(instance, sign(Instance(), STATEMENT, claims(), log=log))


def test_a_seed_makes_an_instance_that_is_known_before() -> None:
    known = Instance(seed="one")
    assert known.trusted_root() == Instance(seed="one").trusted_root() != Instance(seed="other").trusted_root()
    for log in LOGS:
        assert _verify(known, sign(Instance(seed="one"), STATEMENT, claims(), log=log))[1] == STATEMENT
        with pytest.raises(VerificationError):
            _verify(known, sign(Instance(seed="other"), STATEMENT, claims(), log=log))


@pytest.mark.parametrize("log", LOGS)
@pytest.mark.parametrize("minutes", [-1, 11])
def test_certificate_is_worth_something_for_ten_minutes(instance: Instance, log: LogVersion, minutes: int) -> None:
    at = THEN + datetime.timedelta(minutes=minutes)
    with pytest.raises(VerificationError):
        _verify(instance, sign(instance, STATEMENT, claims(), at, log=log, certified=THEN))


def test_second_version_of_the_log_says_no_time(instance: Instance) -> None:
    with pytest.raises(InvalidBundle, match="inclusion promise or signed timestamp"):
        _verify(instance, sign(instance, STATEMENT, claims(), log=2, stamped=[]))


def _entry(bundle: Any) -> Any:
    return bundle["verificationMaterial"]["tlogEntries"][0]


def _change(holder: Any, name: str | int) -> None:
    """Another last byte."""
    content = bytearray(base64.b64decode(holder[name]))
    content[-1] ^= 1
    holder[name] = base64.b64encode(content).decode()


def _checkpoint_of_another_size(bundle: Any) -> None:
    checkpoint = _entry(bundle)["inclusionProof"]["checkpoint"]
    origin, size, rest = checkpoint["envelope"].split("\n", 2)
    checkpoint["envelope"] = f"{origin}\n{int(size) + 1}\n{rest}"


DAMAGES: dict[str, Callable[[Any], None]] = {
    "signature": lambda bundle: _change(bundle["dsseEnvelope"]["signatures"][0], "sig"),
    "payload": lambda bundle: _change(bundle["dsseEnvelope"], "payload"),
    "certificate": lambda bundle: _change(bundle["verificationMaterial"]["certificate"], "rawBytes"),
    "proof": lambda bundle: _change(_entry(bundle)["inclusionProof"]["hashes"], 0),
    "root": lambda bundle: _change(_entry(bundle)["inclusionProof"], "rootHash"),
    "checkpoint": _checkpoint_of_another_size,
}


@pytest.mark.parametrize("log", LOGS)
@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_bundle_is_refused(instance: Instance, log: LogVersion, damage: str) -> None:
    bundle = json.loads(sign(instance, STATEMENT, claims(), log=log))
    DAMAGES[damage](bundle)
    with pytest.raises(VerificationError):
        _verify(instance, json.dumps(bundle).encode())


@pytest.mark.parametrize("log", LOGS)
def test_trust_is_configured_by_documents(instance: Instance, log: LogVersion) -> None:
    config = ClientTrustConfig.from_json(json.dumps(instance.client_trust_config(log)))
    assert len(config.signing_config.get_tlogs()) == 1
    assert len(config.signing_config.get_tsas()) == (log == 2)
    assert config.signing_config.get_fulcio()
