"""What somebody who can write to the releases, or stands between, may try: refused in one line, and nothing is done.

The program `viberun` sets a host up from a mirror over https; each attack is what that mirror gives it.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.sigstore.instance import Instance
from tests.unit.viberun.client.hosts import build_at, server_script
from tests.unit.viberun.client.vouched import CLIENT, NEWER, NUMBER, Mirrored, job, signature, signed_channel
from viberun.build import Build
from viberun.manifest import Manifest

Pages = dict[str, bytes]
BETWEEN = replace(build_at(10), repository_id=NUMBER)
RENAMED = replace(CLIENT, repository="acme/viberun")
FORK = replace(CLIENT, repository="evil/name", repository_id="666")
OF_FORK = {"repository": "evil/name", "repository_id": "666"}
ANOTHER = "c" * 40


def by(**varied: str) -> Callable[[Path], Pages]:
    return lambda folder: signed_channel(folder, of=lambda made: job(made, **varied))


def at(build: Build, **varied: str) -> Callable[[Path], Pages]:
    return lambda folder: signed_channel(folder, build, lambda made: job(made, **varied))


GENUINE: dict[str, tuple[str, Callable[[Path], Pages]]] = {
    "this build": ("now", signed_channel),
    "this build, for a client without the number": ("nameless", signed_channel),
    "a newer build": ("now", at(NEWER)),
    "renamed or moved, for a client that knows the number": ("now", at(RENAMED)),
    "a name that somebody else took, for a client without the number": ("nameless", by(repository_id="31337")),
}


@pytest.mark.parametrize(("client", "make"), GENUINE.values(), ids=GENUINE.keys())
def test_what_is_genuine_is_installed(
    mirrored: Mirrored, tmp_path: Path, client: str, make: Callable[[Path], Pages]
) -> None:
    done = mirrored.setup(make(tmp_path), client)
    assert (done.returncode, done.stderr) == (0, "")
    assert mirrored.host.server.exists()


def signed(pages: Pages) -> str:
    (name,) = (name for name in pages if name.endswith(".intoto.jsonl"))
    return name


def without_signature(folder: Path) -> Pages:
    pages = signed_channel(folder)
    del pages[signed(pages)]
    return pages


def with_another_digest(folder: Path) -> Pages:
    pages = signed_channel(folder)
    sha256 = Manifest.parse(pages["/channel.json"]).files[0].sha256.encode()
    return {name: text.replace(sha256, b"f" * 64) if name.endswith(".json") else text for name, text in pages.items()}


def with_the_signature_of_another_build(folder: Path) -> Pages:
    pages, other = signed_channel(folder), signed_channel(folder, NEWER)
    return {**pages, signed(pages): other[signed(other)]}


def with_another_image(folder: Path) -> Pages:
    pages = signed_channel(folder, NEWER)
    return {
        name: text.replace(b"5" * 64, b"e" * 64) if name.endswith(".json") else text for name, text in pages.items()
    }


def by_another_sigstore(folder: Path) -> Pages:
    pages = signed_channel(folder)
    return {**pages, signed(pages): signature(Manifest.parse(pages["/channel.json"]), instance=Instance())}


def with_bundle(change: Callable[[Any, Any], object]) -> Callable[[Path], Pages]:
    """With what is changed in the bundle; the change gets that of another build too."""

    def make(folder: Path) -> Pages:
        pages, other = signed_channel(folder), signed_channel(folder, NEWER)
        bundle = json.loads(pages[signed(pages)])
        change(bundle, json.loads(other[signed(other)]))
        return {**pages, signed(pages): json.dumps(bundle).encode()}

    return make


def entry(bundle: Any) -> Any:
    return bundle["verificationMaterial"]["tlogEntries"][0]


def flipped(encoded: str) -> str:
    data = base64.b64decode(encoded)
    return base64.b64encode(data[:-1] + bytes([data[-1] ^ 1])).decode()


def change_signature(bundle: Any, _: Any) -> None:
    (said,) = bundle["dsseEnvelope"]["signatures"]
    said["sig"] = flipped(said["sig"])


def change_time(bundle: Any, _: Any) -> None:
    entry(bundle)["integratedTime"] = str(int(entry(bundle)["integratedTime"]) + 60)


def take_checkpoint(bundle: Any, other: Any) -> None:
    entry(bundle)["inclusionProof"]["checkpoint"] = entry(other)["inclusionProof"]["checkpoint"]


def take_certificate(bundle: Any, other: Any) -> None:
    bundle["verificationMaterial"]["certificate"] = other["verificationMaterial"]["certificate"]


_EVIL = "owner/name/.github/workflows/evil.yml@refs/heads/main"

REFUSED: dict[str, tuple[Callable[[Path], Pages], str]] = {
    "another sha256 in channel.json": (with_another_digest, "the statement is about another build"),
    "no signature": (without_signature, "nobody signed the release"),
    "another build's signature": (with_the_signature_of_another_build, "the commit is"),
    "a newer manifest with another image": (with_another_image, "the statement is about another build"),
    "another Sigstore's signature": (by_another_sigstore, "is forged, or this viberun too old to know whose it is"),
    "a fork signs this repository's build": (by(**OF_FORK), "signed by evil/name (number 666)"),
    "a fork signs its own build": (at(FORK, **OF_FORK), "signed by evil/name (number 666)"),
    "release.yml on another branch": (by(ref="refs/heads/feature"), "refs/heads/feature, not"),
    "another workflow of main": (by(workflow_ref=_EVIL, job_workflow_ref=_EVIL), "evil.yml@refs/heads/main, not"),
    "release.yml called by another workflow": (
        by(workflow_ref=_EVIL, job_workflow_ref=_EVIL.replace("evil", "release")),
        "the workflow is",
    ),
    "pull_request_target": (by(event_name="pull_request_target"), "the event is pull_request_target, not push"),
    "workflow_dispatch": (by(event_name="workflow_dispatch"), "the event is workflow_dispatch, not push"),
    "workflow_run": (by(event_name="workflow_run"), "the event is workflow_run, not push"),
    "a machine of somebody's own": (by(runner_environment="self-hosted"), "the runner is self-hosted"),
    "a tag's run signs a dev build": (by(ref="refs/tags/v9.9.9"), "refs/tags/v9.9.9, not"),
    "the run of another commit": (by(sha=ANOTHER), f"the commit is {ANOTHER}"),
    "a name that somebody else took": (by(repository_id="31337"), "(number 31337), not by the repository with"),
    "a changed signature": (with_bundle(change_signature), "the signature does not fit"),
    "no entry of the log": (
        with_bundle(lambda bundle, _: bundle["verificationMaterial"].update(tlogEntries=[])),
        "the signature can't be read",
    ),
    "no proof of the log": (
        with_bundle(lambda bundle, _: entry(bundle).pop("inclusionProof")),
        "the signature can't be read",
    ),
    "another time": (with_bundle(change_time), "the log did not promise to take it"),
    "no promise of the log": (
        with_bundle(lambda bundle, _: entry(bundle).pop("inclusionPromise")),
        "nobody says when it was signed",
    ),
    "another tree's checkpoint": (with_bundle(take_checkpoint), "the log's checkpoint is of another tree"),
    "another build's certificate": (with_bundle(take_certificate), "the signature does not fit"),
}


def refusal(mirrored: Mirrored, pages: Pages, client: str = "now") -> str:
    """The line that an attack is refused with; the host stays as it is."""
    before = mirrored.host.server.read_bytes() if mirrored.host.server.exists() else None
    mirrored.host.has("ssh.log", "")
    done = mirrored.setup(pages, client)
    *warnings, line = done.stderr.splitlines()
    assert done.returncode == 1
    assert all(each.startswith("viberun: warning: the channel at https://127.0.0.1:") for each in warnings)
    message, _, remedy = line.rpartition("; ")
    assert message.startswith("viberun: ")
    assert remedy
    assert (mirrored.host.server.read_bytes() if mirrored.host.server.exists() else None) == before
    assert not any("-- stage" in each for each in mirrored.host.log())
    return "\n".join([*warnings, line])


@pytest.mark.parametrize(("make", "why"), REFUSED.values(), ids=REFUSED.keys())
def test_what_the_release_workflow_did_not_sign_is_refused(
    mirrored: Mirrored, tmp_path: Path, make: Callable[[Path], Pages], why: str
) -> None:
    assert why in refusal(mirrored, make(tmp_path))


def test_a_renamed_repository_is_another_for_a_client_without_the_number(mirrored: Mirrored, tmp_path: Path) -> None:
    assert "signed by acme/viberun, not by owner/name" in refusal(mirrored, at(RENAMED)(tmp_path), "nameless")


def test_an_old_build_is_refused_where_a_newer_one_was_seen(mirrored: Mirrored, tmp_path: Path) -> None:
    assert mirrored.setup(at(NEWER)(tmp_path)).returncode == 0
    mirrored.host.server.unlink()
    said = refusal(mirrored, at(BETWEEN)(tmp_path))
    assert f"has {BETWEEN.version}, and before it had {NEWER.version}: somebody put it back" in said
    assert said.endswith("say --allow-rollback")


def test_an_old_build_is_refused_where_the_client_is_newer(mirrored: Mirrored, tmp_path: Path) -> None:
    said = refusal(mirrored, at(BETWEEN)(tmp_path), "newer")
    assert f"has {BETWEEN.version}, and this client is {NEWER.version}" in said
    assert said.endswith("say --allow-rollback")


def test_a_second_build_of_one_version_is_refused(mirrored: Mirrored, tmp_path: Path) -> None:
    pages = at(NEWER)(tmp_path)
    assert mirrored.setup(pages).returncode == 0
    twin = replace(Manifest.parse(pages["/channel.json"]), images={})
    text = twin.to_json().encode()
    pages.update({"/channel.json": text, f"/{twin.name}": text, f"/{twin.signature_name}": signature(twin)})
    assert f"there are two releases {NEWER.version}" in refusal(mirrored, pages)


@pytest.mark.parametrize(
    ("command", "status"),
    [
        (["setup", "me@box", "--yes"], 1),
        (["update", "me@box", "--yes"], 1),
        (["vibe", "demo", "--host", "me@box", "--yes"], 0),
        (["upgrade", "--check"], 1),
        (["channel"], 1),
        (["verify", "dev"], 1),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_every_command_that_asks_the_channel_refuses_what_nobody_signed(
    mirrored: Mirrored, tmp_path: Path, command: list[str], status: int
) -> None:
    older = build_at(-30).version
    mirrored.host.install(older)
    done = mirrored(without_signature(tmp_path), *command)
    assert (done.returncode, "nobody signed the release" in done.stdout + done.stderr) == (status, True)
    assert mirrored.host.server.read_text() == server_script(older)
