"""Nothing is found that nobody vouches for who is trusted, however it is asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.sigstore.instance import Instance
from tests.unit.viberun.client.vouched import (
    CLIENT,
    MIRROR,
    NEWER,
    NUMBER,
    PROD,
    ROOT,
    Pages,
    at,
    job,
    manifest,
    pages,
    signature,
)
from viberun.build import Build
from viberun.client.download.resolver import Place, Resolved, newest, resolve
from viberun.client.download.trust import Trust, UntrustedError, reason_without
from viberun.errors import UsageError, ViberunError

NOBODY = replace(CLIENT, repository=None, repository_id=None)


def refused(found: Place, there: Mapping[str, bytes], wanted: str = "dev") -> str:
    with pytest.raises(ViberunError) as caught:
        resolve(found, wanted, Pages(pages=there), own=CLIENT.version)
    assert caught.value.remedy
    assert "\n" not in str(caught.value)
    return str(caught.value)


WAYS = {
    "the newest": (NEWER, "dev"),
    "the client's own": (CLIENT, "dev"),
    "the latest": (PROD, "latest"),
    "exactly this": (CLIENT, CLIENT.version.semver),
    "exactly this release": (PROD, "v1.2.3"),
}


@pytest.mark.parametrize(("build", "wanted"), WAYS.values(), ids=WAYS.keys())
def test_a_build_that_its_release_workflow_signed_is_found(build: Build, wanted: str) -> None:
    found = resolve(at(wanted=wanted), wanted, Pages(pages=pages(build)), own=CLIENT.version)
    assert found.version == build.version
    assert found.signer is not None
    assert (found.signer.repository, found.signer.number) == ("owner/name", NUMBER)
    assert found.signer.run == "https://github.com/owner/name/actions/runs/4711/attempts/1"


@pytest.mark.parametrize(("build", "wanted"), WAYS.values(), ids=WAYS.keys())
def test_a_build_that_nobody_signed_is_refused_by_name(build: Build, wanted: str) -> None:
    name = manifest(build).signature_name
    said = f"nobody signed the release {build.version}: {MIRROR}/{name} is not there; take a newer one"
    assert said in refused(at(wanted=wanted), pages(build, by=None), wanted)


@pytest.mark.parametrize(("build", "wanted"), WAYS.values(), ids=WAYS.keys())
def test_a_build_that_somebody_else_signed_is_refused(build: Build, wanted: str) -> None:
    forged = signature(manifest(build), job(manifest(build), repository="evil/name", repository_id="666"))
    said = refused(at(wanted=wanted), pages(build, forged), wanted)
    assert f"the signature of the release {build.version} at {MIRROR}/" in said
    assert "is refused: it was signed by evil/name (number 666), not by the repository with the number" in said
    assert said.endswith("; install nothing from there, and tell whoever runs the channel")


def test_a_text_that_is_not_the_signed_one_is_refused() -> None:
    there = pages()
    there[f"{MIRROR}/channel.json"] += b" "
    with pytest.raises(UntrustedError, match="the statement is about another build"):
        newest(at(), Pages(pages=there))


def test_a_signature_that_is_too_large_is_refused() -> None:
    assert "the signature has more than" in refused(at(), pages(by=b" " * (1 << 19)))


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("/srv/dist/dev", "a folder of this machine"),
        ("http://127.0.0.1:8000", "a server of this machine"),
        ("http://127.8.9.1", "a server of this machine"),
        ("http://localhost", "a server of this machine"),
        ("http://[::1]:80", "a server of this machine"),
        ("https://localhost", None),
        ("https://127.0.0.1", None),
        ("https://github.com/owner/name/releases/download/dev", None),
        ("http://mirror.example.org", None),
        ("http://127.0.0.1.example.org", None),
        ("http://localhost.example.org", None),
        ("http://10.0.0.1", None),
    ],
)
def test_only_a_place_of_this_machine_needs_no_signature(address: str, reason: str | None) -> None:
    unsigned, forged = pages(by=None, base=address), pages(by=b"{}", base=address)
    found = at(base=address, VIBERUN_CHANNEL_INSECURE="1")
    assert reason_without(found.base) == reason
    if reason:
        assert newest(found, Pages(pages=unsigned)).signer is None
    else:
        assert "nobody signed" in refused(found, unsigned)
    assert "is refused: the signature can't be read" in refused(found, forged)
    assert newest(found, Pages(pages=pages(base=address))).signer is not None


def test_a_mirror_is_worth_as_much_as_the_repository() -> None:
    forks = replace(CLIENT, repository="evil/name", repository_id="666")
    by = signature(manifest(forks), job(manifest(forks), repository_id="666"))
    assert "it was signed by evil/name (number 666)" in refused(at(), pages(forks, by))


RENAMED = replace(CLIENT, repository="new/name")


def test_a_repository_that_was_renamed_is_known_by_its_number() -> None:
    assert newest(at(), Pages(pages=pages(RENAMED))).signer is not None
    nameless = replace(CLIENT, repository_id=None)
    assert "it was signed by new/name, not by owner/name" in refused(at(nameless), pages(RENAMED))


def test_another_repository_is_trusted_where_it_is_named() -> None:
    base = "https://github.com/new/name/releases/download/dev"
    found = at(base=None, VIBERUN_REPOSITORY="new/name")
    assert found.base == base
    assert newest(found, Pages(pages=pages(RENAMED, base=base))).signer is not None
    own = pages(base=base)
    assert "it was signed by owner/name, not by new/name" in refused(found, own)
    mirrored = at(VIBERUN_REPOSITORY="new/name")
    assert newest(mirrored, Pages(pages=pages(RENAMED))).signer is not None
    assert "it was signed by owner/name, not by new/name" in refused(mirrored, pages())


def test_naming_the_own_repository_does_not_make_its_number_count_less() -> None:
    somebodys = signature(manifest(), job(manifest(), repository_id="31337"))
    assert "number 31337" in refused(at(VIBERUN_REPOSITORY="Owner/Name"), pages(by=somebodys))


@pytest.mark.parametrize("named", ["name", "a/b/c", "https://github.com/a/b", "../x", "a/.."])
def test_what_names_no_repository_is_refused(named: str) -> None:
    with pytest.raises(UsageError, match=r"VIBERUN_REPOSITORY is .*; set it to owner/name"):
        at(VIBERUN_REPOSITORY=named)


def test_a_client_of_no_repository_trusts_nobody_until_one_is_named() -> None:
    said = refused(at(NOBODY), pages())
    assert "does not know whose signature counts; set VIBERUN_REPOSITORY to the owner/name" in said
    assert newest(at(NOBODY, VIBERUN_REPOSITORY="owner/name"), Pages(pages=pages())).signer is not None


def test_at_a_place_of_this_machine_a_client_of_no_repository_takes_what_it_says_of_itself(tmp_path: Path) -> None:
    here = str(tmp_path)
    assert newest(at(NOBODY, base=here), Pages(pages=pages(by=None, base=here))).signer is None
    assert newest(at(NOBODY, base=here), Pages(pages=pages(base=here))).signer is not None
    forged = signature(manifest(), job(manifest(), repository="evil/name"))
    assert "it says that it is of owner/name, and was signed by evil/name" in refused(
        at(NOBODY, base=here), pages(by=forged, base=here)
    )
    assert "is of no repository" in refused(at(NOBODY, base=here), pages(NOBODY, by=b"{}", base=here))


def test_a_client_that_is_too_old_to_know_the_log_says_how_to_update() -> None:
    later = json.dumps({**json.loads(ROOT), "tlogs": json.loads(json.dumps(Instance().trusted_root()))["tlogs"]})
    said = refused(at(root=later, VIBERUN_INSTALL_METHOD="npm"), pages())
    assert said == (
        f"the signature of the release {CLIENT.version} is forged, or this viberun too old to know whose it is:"
        " it stands in a log that is not known; update it with 'npm install --prefer-online -g viberun@dev'"
    )


def test_a_signature_of_a_later_form_says_how_to_update() -> None:
    later = signature(manifest()).replace(b"bundle.v0.3+json", b"bundle.v0.9+json")
    said = refused(at(VIBERUN_INSTALL_METHOD="npm"), pages(by=later))
    assert "or this viberun too old to know whose it is: the signature is of a kind that is not known" in said
    assert said.endswith("; update it with 'npm install --prefer-online -g viberun@dev'")


@pytest.mark.parametrize("root", ["", "{", "{}", "[]", '{"mediaType": 1}'])
def test_a_client_whose_root_is_damaged_takes_nothing(root: str) -> None:
    assert refused(at(root=root), pages()) == "the trusted root in this viberun is damaged; install viberun again"


def test_the_latest_release_is_held_against_the_signature_of_its_own_name() -> None:
    """What `latest` names can be another release by then."""
    releases = "https://github.com/owner/name/releases"
    there = pages(PROD, base=f"{releases}/download/v1.2.3")
    there[f"{releases}/latest/download/channel.json"] = there.pop(f"{releases}/download/v1.2.3/channel.json")
    found = resolve(at(wanted="latest", base=None), "latest", Pages(pages=there))
    assert (found.signer is not None, found.place.base) == (True, f"{releases}/download/v1.2.3")


def test_what_was_signed_in_the_future_is_refused() -> None:
    found = at()
    then = found.trust.now() - timedelta(days=2)
    found = replace(found, trust=replace(found.trust, now=lambda: then))
    assert "it was signed in the future" in refused(found, pages())


def test_while_a_channel_is_changed_the_build_before_has_its_own_signature() -> None:
    there = pages()
    there[f"{MIRROR}/channel.old.json"] = there.pop(f"{MIRROR}/channel.json")
    found: Resolved = newest(at(), Pages(pages=there))
    assert found.signer is not None


def test_a_place_that_was_made_without_trust_trusts_nobody() -> None:
    with pytest.raises(UsageError, match="does not know whose signature counts"):
        newest(Place(MIRROR), Pages(pages=pages()))
    assert Trust().repository is None
