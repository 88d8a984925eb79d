"""The signature of a build on GitHub: made once, kept while it is good, and part of what makes a release whole."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from release.bundle.model import Bundle
from release.destinations.destination import Published
from release.destinations.github.api import Api
from release.destinations.github.assets import AssetError
from release.destinations.github.destination import GitHubRelease
from release.driver.outcome import Done, Skipped, UnseenError
from release.signing.job import NotAllowedError
from release.transport.http import Http, UnansweredError
from release.transport.patience import Patience
from tests.release.builds import Builds
from tests.release.github.server import GitHub
from tests.release.signing import varied
from tests.sigstore.claims import claims
from tests.unit.release.destinations.github.releasing import (
    SIGNER,
    TOKEN,
    builds,
    destination,
    github,
    names,
    plan,
    problems,
    read,
    release,
    step,
    writes,
)
from viberun.sigstore.bundle import MOST_BYTES
from viberun.sigstore.release_workflow import Repository

__all__ = ["builds", "github"]
LEFT = NotAllowedError("nobody has signed this build yet", remedy="its run in Actions signs it")


@pytest.fixture
def elsewhere() -> Iterator[None]:
    """Nobody signs here."""
    SIGNER.hinders = LEFT
    yield
    SIGNER.hinders = None


def dev(builds: Builds) -> Bundle:
    return builds.dev(builds.commit())


def prod(builds: Builds) -> Bundle:
    return builds.prod("1.2.3", builds.commit())


def put(github: GitHub, bundle: Bundle, content: bytes) -> None:
    """Replaces the signature."""
    name = bundle.manifest.signature_name
    (asset,) = (asset for asset in github.repository.assets.values() if asset.name == name)
    github.repository.assets[asset.id] = replace(asset, content=content)


@pytest.mark.parametrize("make", [dev, prod])
def test_it_lies_beside_the_manifest_and_anybody_can_check_it(github: GitHub, builds: Builds, make: object) -> None:
    bundle: Bundle = make(builds)  # type: ignore[operator]
    outcomes = release(github, bundle)
    name = bundle.manifest.signature_name
    assert outcomes[1] == Done(f"sign {name}")
    content = read(github, bundle.manifest.build.version.git, name)
    assert SIGNER.check(bundle.manifest, content).repository == "octo/viberun"
    at = destination(github)
    step("sign", at, bundle)
    assert name in [row.path for row in at.receipt(bundle).rows]


def test_one_that_is_good_is_kept_whoever_made_it(github: GitHub, builds: Builds) -> None:
    bundle = dev(builds)
    release(github, bundle)
    other = SIGNER.signed(bundle.manifest, claims(**varied(bundle.manifest.build), run_attempt="2"))
    put(github, bundle, other)
    github.requests.clear()
    assert release(github, bundle)[1] == Skipped()
    assert writes(github) == []
    assert read(github, "dev", bundle.manifest.signature_name) == other


@pytest.mark.parametrize("kind", ["of another build", "of another event", "damaged", "empty"])
def test_one_that_is_no_good_is_replaced(github: GitHub, builds: Builds, kind: str) -> None:
    bundle, other = dev(builds), dev(builds)
    own = varied(bundle.manifest.build)
    wrong = {
        "of another build": SIGNER.signed(other.manifest, claims(**own)),
        "of another event": SIGNER.signed(bundle.manifest, claims(**own, event_name="workflow_dispatch")),
        "damaged": SIGNER.signed(bundle.manifest, claims(**own))[:-3],
        "empty": b"{}\n",
    }[kind]
    at = destination(github)
    step("stage", at, bundle)
    step("sign", at, bundle)
    put(github, bundle, wrong)
    said = str(step("sign", destination(github), bundle))
    assert f"replace {bundle.manifest.signature_name}; the one that was there is no good: " in said
    SIGNER.check(bundle.manifest, read(github, "dev", bundle.manifest.signature_name))


def test_without_one_nobody_claims_and_the_same_command_finishes_with_it(
    github: GitHub, builds: Builds, elsewhere: None
) -> None:
    bundle, laptop = dev(builds), destination(github)
    assert laptop.preflight(bundle, None).found == ()  # type: ignore[arg-type]
    step("stage", laptop, bundle)
    assert [str(change) for change in plan(laptop, bundle)][:1] == [f"sign {bundle.manifest.signature_name}"]
    with pytest.raises(NotAllowedError, match="nobody has signed this build yet; its run in Actions signs it"):
        step("sign", laptop, bundle)
    SIGNER.hinders = None
    step("sign", destination(github), bundle)
    SIGNER.hinders = LEFT
    assert step("sign", laptop, bundle) == Skipped()
    release(github, bundle)


def test_a_job_of_actions_that_may_not_sign_is_told_before_anything_is_staged(
    github: GitHub, builds: Builds, elsewhere: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = dev(builds)
    monkeypatch.setattr(GitHub, "env", {**github.env, "GITHUB_ACTIONS": "true"})
    assert str(LEFT) in problems(github, bundle)
    SIGNER.hinders = None
    at = destination(github)
    step("stage", at, bundle)
    step("sign", at, bundle)
    SIGNER.hinders = LEFT
    assert problems(github, bundle) == ""


def test_a_draft_without_one_is_not_published(github: GitHub, builds: Builds) -> None:
    bundle = prod(builds)
    at = destination(github)
    step("stage", at, bundle)
    with pytest.raises(AssetError, match=f"{bundle.manifest.signature_name}: not there"):
        step("claim", at, bundle)
    step("sign", at, bundle)
    step("claim", at, bundle)


def test_an_immutable_release_without_one_is_lost(github: GitHub, builds: Builds) -> None:
    bundle = prod(builds)
    release(github, bundle)
    (lost,) = (a for a in github.repository.assets.values() if a.name == bundle.manifest.signature_name)
    del github.repository.assets[lost.id]
    (there,) = github.repository.releases.values()
    github.repository.releases[there.id] = replace(there, immutable=True)
    assert f"is immutable and lacks {lost.name}; release the next version" in problems(github, bundle)


@pytest.mark.parametrize("content", [None, b"{}"])
def test_without_a_good_one_a_release_is_not_as_it_was_built(
    github: GitHub, builds: Builds, content: bytes | None
) -> None:
    bundle = dev(builds)
    release(github, bundle)
    if content is None:
        (lost,) = (a for a in github.repository.assets.values() if a.name == bundle.manifest.signature_name)
        del github.repository.assets[lost.id]
    else:
        put(github, bundle, content)
    with pytest.raises(UnseenError, match=rf"{bundle.manifest.signature_name}: (nobody has signed it|the signature)"):
        step("verify", destination(github), bundle)


def test_githubs_own_store_gets_it_once(github: GitHub, builds: Builds) -> None:
    bundle = dev(builds)
    outcomes = release(github, bundle)
    assert outcomes[3] == Done("store the attestation")
    subject = next(file for file in bundle.manifest.files if file.kind == "wheel")
    (stored,) = github.repository.attestations[f"sha256:{subject.sha256}"]
    assert stored == json.loads(read(github, "dev", bundle.manifest.signature_name))
    assert release(github, bundle)[3] == Skipped()


def test_a_release_goes_on_where_githubs_store_does_not_take_it(
    github: GitHub, builds: Builds, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(api: Api, bundle: bytes) -> None:
        raise UnansweredError("503 down")

    bundle = dev(builds)
    monkeypatch.setattr(Api, "store_attestation", refuse)
    said = "store the attestation; GitHub's store of attestations does not have it (503 down)"
    assert release(github, bundle)[3] == Done(said)


def test_it_goes_with_the_files_of_its_build(github: GitHub, builds: Builds) -> None:
    bundles = [dev(builds) for _ in range(4)]
    for bundle in bundles:
        release(github, bundle, keep=2)
    signed = [bundle.manifest.signature_name in names(github) for bundle in bundles]
    assert signed == [False, False, True, True]


def test_what_was_begun_and_never_ended_is_no_signature(github: GitHub, builds: Builds) -> None:
    bundle, at = dev(builds), destination(github)
    step("stage", at, bundle)
    (there,) = github.repository.releases.values()
    with github.repository.step():
        github.repository.begin_asset(there.id, bundle.manifest.signature_name, None, "application/octet-stream")
    assert step("sign", at, bundle) == Done(f"sign {bundle.manifest.signature_name}")
    SIGNER.check(bundle.manifest, read(github, "dev", bundle.manifest.signature_name))


def test_it_is_read_with_the_token_alone(github: GitHub, builds: Builds) -> None:
    bundle = prod(builds)
    at = destination(github, token=TOKEN)
    step("stage", at, bundle)
    assert step("sign", at, bundle) == Done(f"sign {bundle.manifest.signature_name}")


def test_one_that_is_too_large_is_no_good_and_not_downloaded(github: GitHub, builds: Builds) -> None:
    bundle = dev(builds)
    at = destination(github)
    step("stage", at, bundle)
    step("sign", at, bundle)
    put(github, bundle, b"x" * (MOST_BYTES + 1))
    (large,) = (each for each in github.repository.assets.values() if each.name == bundle.manifest.signature_name)
    github.requests.clear()
    said = str(step("sign", destination(github), bundle))
    assert f"the one that was there is no good: it has more than {MOST_BYTES} bytes" in said
    assert not [line for line in github.requests if line.startswith("GET") and str(large.id) in line]


def test_why_one_is_no_good_is_told_where_nobody_signs(
    github: GitHub, builds: Builds, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = dev(builds)
    at = destination(github)
    step("stage", at, bundle)
    step("sign", at, bundle)
    put(github, bundle, b"{}\n")
    monkeypatch.setattr(SIGNER, "hinders", LEFT)
    with pytest.raises(NotAllowedError, match=r"no good \(the signature can't be read .*\), and nobody has signed"):
        step("sign", destination(github), bundle)


@pytest.mark.parametrize("trusted", [Repository("octo/viberun", "1"), Repository("octo/other")])
def test_a_channel_of_another_repository_is_refused_whatever_it_says_of_itself(
    github: GitHub, builds: Builds, trusted: Repository
) -> None:
    bundle = dev(builds)
    release(github, bundle)
    looking = GitHubRelease(Http(Patience()), github.env, SIGNER, trusted=replace(trusted, server=github.url))
    standing = looking.standing(Published.of(bundle))
    assert standing.signed is None
    assert any("clients refuse it: it was signed by octo/viberun" in wrong for wrong in standing.wrong)
