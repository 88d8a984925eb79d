"""What `//release:status` says of servers that agree, and of ones that do not."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Event

import pytest

from release.bundle.model import Bundle
from tests.release.remote.stack import IMAGES, REPOSITORY, USER, Ended, Stack, runfiles_of
from tests.release.remote.whole import get, put
from tests.release.servers.gate import Fault
from tests.release.servers.process import free_port

INDEX = "application/vnd.oci.image.index.v1+json"


@pytest.fixture(scope="module")
def released(servers: Stack) -> Bundle:
    bundle = servers.next()
    servers.released(bundle)
    return bundle


def status(servers: Stack, bundle: Bundle, *arguments: str, environ: Mapping[str, str] | None = None) -> Ended:
    """Asks without any credentials."""
    secret = {"GITHUB_TOKEN", "GITHUB_ACTOR", "TWINE_USERNAME", "TWINE_PASSWORD"}
    variables = {name: value for name, value in servers.variables.items() if name not in secret} | dict(environ or {})
    variables |= {"RUNFILES_DIR": str(runfiles_of(bundle)), "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [
            sys.executable,
            "-P",
            "-S",
            "-B",
            "-m",
            "release.commands.status",
            "viberun/version.json",
            *servers.files[1:],
            *arguments,
        ],
        env=variables,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def test_places_that_agree_are_in_step(servers: Stack, released: Bundle) -> None:
    ended = status(servers, released)
    assert ended.status == 0, ended.err
    head, signed, _, _, *rows = ended.out.splitlines()
    assert signed == f"signed a moment ago by {servers.gates['github'].url}/{REPOSITORY}/actions/runs/4711/attempts/1"
    build = released.manifest.build
    assert head.startswith(f"in step: dev {build.version}, commit {build.commit[:12]} of ")
    assert head.endswith(" days ago")
    assert [(row.split()[0], row.endswith("in step")) for row in rows] == [
        (name, True) for name in ("github", "ghcr", "npm", "pypi")
    ]


def test_programs_get_json_with_whole_digests(servers: Stack, released: Bundle) -> None:
    facts = json.loads(status(servers, released, "--json").out)
    assert (facts["in_step"], facts["commit"]) == (True, released.manifest.build.commit)
    assert list(facts) == [
        *("schema", "state", "healthy", "in_step", "version", "commit", "committed"),
        *("behind", "releasing", "signed", "places"),
    ]
    assert (facts["schema"], facts["state"], facts["healthy"]) == (1, "in step", True)
    assert list(facts["places"][0]) == ["name", "version", "commit", "committed", "digest", "wrong", "answered"]
    places = {place["name"]: place for place in facts["places"]}
    assert places["ghcr"]["digest"] == released.images[0].digest
    wheel = released.artifact("wheel")
    assert wheel
    assert places["pypi"]["digest"] == f"sha256:{wheel.digest.sha256}"
    manifest = released.manifest.to_json().encode()
    assert places["github"]["digest"] == f"sha256:{hashlib.sha256(manifest).hexdigest()}"
    assert {place["committed"] for place in places.values()} == {released.manifest.build.committed}
    assert {place["commit"] for place in places.values()} == {released.manifest.build.commit}


def test_prod_has_a_status_of_its_own(servers: Stack, released: Bundle) -> None:
    ended = status(servers, released, "--channel", "prod")
    assert (ended.status, ended.out.partition(",")[0]) == (0, "in step: prod 0.9.0")


@contextmanager
def out_of_step(servers: Stack, released: Bundle, place: str) -> Iterator[str]:
    """Has one place stand elsewhere; yields what is to be said about it."""
    refs, version = servers.github.repository.refs, released.manifest.build.version.oci
    match place:
        case "github":
            before = refs["refs/tags/dev"]
            refs["refs/tags/dev"] = servers.github.commits.add("of nobody's release", before)
            yield "the ref dev stands at"
            refs["refs/tags/dev"] = before
        case "github's files":
            assets = servers.github.repository.assets
            server = next(asset for asset in assets.values() if asset.name.startswith(f"viberun-server-{version}-"))
            del assets[server.id]
            yield f"{server.name} is not there as channel.json has it"
            assets[server.id] = server
        case "github's signature":
            assets, name = servers.github.repository.assets, released.manifest.signature_name
            signature = next(asset for asset in assets.values() if asset.name == name)
            del assets[signature.id]
            yield "clients refuse it: nobody has signed it"
            assets[signature.id] = signature
        case "ghcr":
            registry, tokens = servers.registry, servers.tokens
            token = tokens.token(USER, (f"repository:{IMAGES[0]}:pull,push",))
            root, headers = f"{registry.url}/v2/{IMAGES[0]}/manifests", {"Authorization": f"Bearer {token}"}
            own, other = (get(f"{root}/{tag}", **headers, Accept=INDEX) for tag in (version, "0.9.0"))
            put(f"{root}/dev", other, **headers, **{"Content-Type": INDEX})
            yield f"{IMAGES[0]}:dev is sha256:{hashlib.sha256(other).hexdigest()}"
            put(f"{root}/dev", own, **headers, **{"Content-Type": INDEX})
        case "npm":
            npm = ["npm", "dist-tag", "add", "viberun@0.9.0", "dev", "--prefer-online"]
            subprocess.run(npm, env=servers.variables, check=True, capture_output=True, timeout=60)
            yield "the dist-tag dev names 0.9.0"
            npm[3] = f"viberun@{released.manifest.build.version.npm}"
            subprocess.run(npm, env=servers.variables, check=True, capture_output=True, timeout=60)
        case "pypi":
            packages = servers.pypi.folder / "packages"
            newer = packages / "viberun_dev-0.0.0.dev20991231235959-py3-none-any.whl"
            newer.write_bytes(b"newer")
            yield "the newest version is 0.0.0.dev20991231235959"
            newer.unlink()


@pytest.mark.parametrize("place", ["github", "github's files", "github's signature", "ghcr", "npm", "pypi"])
def test_a_place_that_is_out_of_step_is_named_and_the_exit_status_tells(
    servers: Stack, released: Bundle, place: str
) -> None:
    with out_of_step(servers, released, place) as said:
        ended = status(servers, released)
    assert ended.status == 5
    (row,) = [row for row in ended.out.splitlines() if said in row]
    assert row.split()[0] == place.partition("'")[0]
    assert status(servers, released).status == 0


def test_the_images_are_looked_for_where_the_channel_names_them(servers: Stack, released: Bundle) -> None:
    ended = status(servers, released, environ={"VIBERUN_OCI_REGISTRY": f"127.0.0.1:{free_port()}"})
    assert (ended.status, ended.out.partition(":")[0]) == (0, "in step")


def test_a_place_that_does_not_answer_is_not_called_out_of_step(servers: Stack, released: Bundle) -> None:
    nowhere = {"TWINE_REPOSITORY_URL": f"http://127.0.0.1:{free_port()}/"}
    ended = status(servers, released, "--json", environ=nowhere)
    facts = json.loads(ended.out)
    assert (ended.status, facts["in_step"]) == (1, None)
    (silent,) = [place for place in facts["places"] if not place["answered"]]
    assert silent["name"] == "pypi"
    assert "nothing listens there" in silent["wrong"]


def test_commits_of_main_that_wait_are_counted_from_the_first_of_its_own_line(servers: Stack, released: Bundle) -> None:
    refs, add = servers.github.repository.refs, servers.github.commits.add
    now, main = servers.github.repository.clock(), released.manifest.build.commit
    topic = add("of a branch", main, when=now - timedelta(days=9))
    merged = add("merge", main, topic, when=now - timedelta(hours=2))
    try:
        refs["refs/heads/main"] = add("the newest", merged, when=now)
        behind = status(servers, released, "--json")
        facts = json.loads(behind.out)
        assert (behind.status, facts["state"], facts["behind"]["commits"]) == (6, "behind", 3)
        since = datetime.fromisoformat(facts["behind"]["since"])
        assert timedelta(hours=2) <= now - since < timedelta(hours=2, seconds=1)
        assert (
            "main has been 3 commits ahead for 2 hours" in status(servers, released, "--max-age", "1h").out.splitlines()
        )
        assert status(servers, released, "--max-age", "1h").status == 6
        assert status(servers, released, "--max-age", "3h").status == 0
        refs["refs/heads/main"] = add("another line")
        lost = status(servers, released)
        assert (lost.status, lost.out.partition(":")[0]) == (5, "out of step")
    finally:
        refs["refs/heads/main"] = main


def test_a_time_that_is_none_is_one_line(servers: Stack, released: Bundle) -> None:
    ended = status(servers, released, "--max-age", "soon")
    assert (ended.status, ended.out) == (2, "")
    assert "--max-age soon is no time" in ended.err


def test_a_release_that_waits_for_npm_is_no_alarm(servers: Stack, released: Bundle) -> None:
    coming = servers.next()
    taken = Event()
    servers.gates["npm"].policy = lambda _: Fault("no", 201, before=taken.set)
    run = servers.start(coming)
    try:
        assert taken.wait(60)
        ended = status(servers, released, "--json")
        facts = json.loads(ended.out)
        assert (ended.status, facts["state"], facts["in_step"]) == (0, "waiting for npm", True)
        assert facts["version"] == str(released.manifest.build.version)
        assert facts["releasing"]["version"] == str(coming.manifest.build.version)
        assert facts["behind"]["commits"] == 1
        late = status(servers, released, "--max-age", "0s")
        assert (late.status, late.out.partition(":")[0]) == (5, "waiting for npm")
    finally:
        run.kill()
        run.wait()
        servers.gates["npm"].reset()
    servers.released(coming)
    assert status(servers, coming).out.startswith("in step: ")
