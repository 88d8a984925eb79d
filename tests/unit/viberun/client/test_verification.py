from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.viberun.client.hosts import server_script
from tests.unit.viberun.client.vouched import CLIENT, Mirrored, job, signed_channel

DIGESTS = {"viberun": "5", "viberun-proxy": "6"}


def images(mirrored: Mirrored, digests: dict[str, str]) -> None:
    """What the host's server says of its images from now on."""
    said = [
        {"name": name, "ref": f"r/{name}:dev", "digest": f"sha256:{digit * 64}" if digit else None, "version": "x"}
        for name, digit in digests.items()
    ]
    mirrored.host.has("answers/images", f"echo '{json.dumps({'images': said})}'\n")


@pytest.fixture
def pages(mirrored: Mirrored, tmp_path: Path) -> dict[str, bytes]:
    """A signed channel, at whose build the host is."""
    made = signed_channel(tmp_path)
    assert mirrored.setup(made).returncode == 0
    images(mirrored, DIGESTS)
    return made


def test_what_was_set_up_from_a_signed_channel_is_verified(mirrored: Mirrored, pages: dict[str, bytes]) -> None:
    done = mirrored(pages, "verify")
    assert (done.returncode, done.stderr) == (0, "")
    names = [line.split("  ")[0] for line in done.stdout.splitlines() if line[0] != " "]
    assert names == ["client", "server", "image viberun", "image viberun-proxy"]
    assert done.stdout.count("  signed by owner/name's release workflow, run 4711, on ") == 4
    assert (
        done.stdout.count(f"  commit {CLIENT.commit}, https://github.com/owner/name/actions/runs/4711/attempts/1") == 4
    )


def test_programs_get_one_object(mirrored: Mirrored, pages: dict[str, bytes]) -> None:
    done = mirrored(pages, "verify", "--json")
    said = json.loads(done.stdout)
    assert (done.returncode, done.stdout.count("\n"), said["verified"]) == (0, 1, True)
    server = said["parts"][1]
    assert (server["name"], server["version"], server["problem"]) == ("server", CLIENT.version.semver, None)
    assert server["signed"].keys() == {"by", "commit", "committed", "at", "run", "log_index"}


def test_another_server_than_the_signed_one_is_told(mirrored: Mirrored, pages: dict[str, bytes]) -> None:
    mirrored.host.install(CLIENT.version, server_script(CLIENT.version) + "# and more\n")
    done = mirrored(pages, "verify")
    assert done.returncode == 1
    assert (
        "  not verified: the server on me@box is not the one of that release; run 'viberun update me@box'"
        in done.stdout
    )


@pytest.mark.parametrize(
    ("digit", "problem"),
    [("7", "r/viberun:dev is not the one of the server's release"), ("", "it is not there")],
)
def test_another_image_than_the_signed_one_is_told(
    mirrored: Mirrored, pages: dict[str, bytes], digit: str, problem: str
) -> None:
    images(mirrored, {**DIGESTS, "viberun": digit})
    done = mirrored(pages, "verify")
    assert (done.returncode, done.stdout.count("not verified")) == (1, 1)
    assert f"image viberun  x\n  not verified: {problem}\n" in done.stdout


def test_a_release_is_verified_by_its_name(mirrored: Mirrored, tmp_path: Path) -> None:
    genuine = signed_channel(tmp_path)
    for wanted in ("dev", CLIENT.version.semver):
        done = mirrored(genuine, "verify", wanted)
        assert (done.returncode, done.stdout.splitlines()[0]) == (0, f"release  {CLIENT.version}")
    forged = signed_channel(tmp_path, of=lambda made: job(made, event_name="workflow_dispatch"))
    done = mirrored(forged, "verify", "dev")
    assert done.returncode == 1
    assert "the event is workflow_dispatch, not push" in done.stdout
    assert mirrored(genuine, "verify", "newest").returncode == 2


def test_what_nobody_signed_is_not_verified(mirrored: Mirrored, tmp_path: Path) -> None:
    unsigned = {name: text for name, text in signed_channel(tmp_path).items() if not name.endswith(".jsonl")}
    done = mirrored(unsigned, "verify")
    assert done.returncode == 1
    assert f"client  {CLIENT.version}\n  not verified: nobody signed the release {CLIENT.version}" in done.stdout


def test_a_host_without_a_server_is_not_verified(mirrored: Mirrored, tmp_path: Path) -> None:
    done = mirrored(signed_channel(tmp_path), "verify", "--host", "me@box")
    assert done.returncode == 1
    assert "not verified: there is no viberun-server on me@box; run 'viberun setup me@box'" in done.stdout
