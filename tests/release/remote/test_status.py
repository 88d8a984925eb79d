"""What `//release:status` says of servers that agree, and of ones that do not."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from release.bundle import Bundle
from tests.release.remote.stack import Ended, Stack, runfiles_of


@pytest.fixture(scope="module")
def released(servers: Stack) -> Bundle:
    bundle = servers.next()
    servers.released(bundle)
    return bundle


def status(servers: Stack, bundle: Bundle, *arguments: str) -> Ended:
    """Asks without any credentials."""
    secret = {"GITHUB_TOKEN", "GITHUB_ACTOR", "TWINE_USERNAME", "TWINE_PASSWORD"}
    variables = {name: value for name, value in servers.variables.items() if name not in secret}
    done = subprocess.run(
        [sys.executable, "-P", "-S", "-B", "-m", "release.status", "viberun/version.json", *arguments],
        env={**variables, "RUNFILES_DIR": str(runfiles_of(bundle)), "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def test_places_that_agree_are_in_step(servers: Stack, released: Bundle) -> None:
    ended = status(servers, released)
    assert ended.status == 0, ended.err
    head, _, _, *rows = ended.out.splitlines()
    build = released.manifest.build
    assert head.startswith(f"dev {build.version}, commit {build.commit[:12]} of ")
    assert head.endswith(" days ago")
    assert [(row.split()[0], row.endswith("in step")) for row in rows] == [
        (name, True) for name in ("github", "ghcr", "pypi", "npm")
    ]


def test_programs_get_json_with_whole_digests(servers: Stack, released: Bundle) -> None:
    facts = json.loads(status(servers, released, "--json").out)
    assert (facts["in_step"], facts["commit"]) == (True, released.manifest.build.commit)
    places = {place["name"]: place for place in facts["places"]}
    assert places["ghcr"]["digest"] == released.images[0].digest
    wheel = released.the("wheel")
    assert wheel
    assert places["pypi"]["digest"] == wheel.digest.sha256


def test_prod_has_a_status_of_its_own(servers: Stack, released: Bundle) -> None:
    ended = status(servers, released, "--channel", "prod")
    assert (ended.status, ended.out.partition(",")[0]) == (0, "prod 0.9.0")


@contextmanager
def out_of_step(servers: Stack, place: str) -> Iterator[str]:
    """Has one place stand elsewhere; yields what is to be said about it."""
    refs = servers.github.repository.refs
    match place:
        case "github":
            before = refs["refs/tags/dev"]
            refs["refs/tags/dev"] = refs["refs/heads/main"] = servers.builds.commit()
            yield "the ref dev stands at"
            refs["refs/tags/dev"] = before
        case "npm":
            npm = ["npm", "dist-tag", "add", "viberun@0.9.0", "dev"]
            subprocess.run(npm, env=servers.variables, check=True, capture_output=True, timeout=60)
            yield "the dist-tag dev names 0.9.0"
        case "pypi":
            packages = servers.pypi.folder / "packages"
            (packages / "viberun_dev-0.0.0.dev20991231235959-py3-none-any.whl").write_bytes(b"newer")
            yield "the newest version is 0.0.0.dev20991231235959"


@pytest.mark.parametrize("place", ["github", "npm", "pypi"])
def test_a_place_that_is_out_of_step_is_named_and_the_exit_status_tells(
    servers: Stack, released: Bundle, place: str
) -> None:
    with out_of_step(servers, place) as said:
        ended = status(servers, released)
    assert ended.status == 5
    (row,) = [row for row in ended.out.splitlines() if row.startswith(place)]
    assert said in row
