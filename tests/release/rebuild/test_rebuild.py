"""`//release:rebuild` as a person runs it: a release on a web server, a repository with that commit, and what is said.

Bazel is the repository's own `bazelw`, which here puts up what a build would make: `tests/reproducible` has the real one.
"""

import functools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from release.bundle.model import Bundle
from tests.checkout.git import git
from tests.release import fabricated
from tests.release.local import channels
from tests.release.signing import InProcess
from viberun.build import Build
from viberun.version import Version

WHEN = 1769344245
RUNFILES = ("version.json", "trusted_root.json")
BAZELW = """\
#!/bin/sh
# Takes: --output_base=PLACE run --config=hermetic //release:CHANNEL -- --out DIR, or --output_base=PLACE shutdown.
set -eu
[ "$2" != shutdown ] || exit 0
env | sort >"$HOME/environment"
printf '%s ' "$@" >"$HOME/arguments"
[ ! -e "$HOME/fails" ] || exit 1
[ ! -e "$HOME/lasts" ] || exec sleep 60
cp -rL "$HOME/built" "$7"
"""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@dataclass(frozen=True)
class Ended:
    status: int
    out: str
    err: str


@dataclass
class World:
    """`published` is what the web server has of the release, `home` the person's, with what the commit builds in `built`."""

    home: Path
    published: Path
    address: str
    build: Build
    bundle: Bundle
    signer: InProcess

    def rebuild(self, wanted: str, *options: str, **variables: str) -> Ended:
        done = self.start(wanted, *options, **variables)
        out, err = done.communicate(timeout=120)
        assert list((self.home / "tmp").iterdir()) == []
        return Ended(done.returncode, out, err)

    def start(self, wanted: str, *options: str, **variables: str) -> "subprocess.Popen[str]":
        environ = {
            "HOME": str(self.home),
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join(sys.path),
            "RUNFILES_DIR": str(self.home),
            "TMPDIR": str(self.home / "tmp"),
            "VIBERUN_CHANNEL_URL": self.address,
            "GITHUB_TOKEN": "ghs_secret",
            **variables,
        }
        command = [sys.executable, "-P", "-S", "-B", "-m", "release.rebuild.rebuild", *RUNFILES, wanted, *options]
        return subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    home = tmp_path / "home"
    (home / "tmp").mkdir(parents=True)
    source = tmp_path / "source"
    source.mkdir()
    (source / "bazelw").write_text(BAZELW)
    (source / "bazelw").chmod(0o755)
    git(source, "init", "--quiet")
    git(source, "add", "bazelw")
    git(source, "commit", "--quiet", "--message=the release")
    commit = git(source, "rev-parse", "HEAD").strip()
    version = Version.dev(WHEN, commit, dirty=False)
    build = Build(version, "dev", commit, "2026-01-25T12:30:45Z", "Acme/viberun", registry="registry.example")
    (source / "bazelw").write_text("exit 1\n")  # main has gone on since
    git(source, "commit", "--quiet", "--all", "--message=another")
    (home / ".gitconfig").write_text(f'[url "file://{source}"]\n\tinsteadOf = https://github.com/Acme/viberun\n')
    (home / "version.json").write_text(build.to_json())
    signer = InProcess()
    (home / "trusted_root.json").write_text(json.dumps(signer.instance.trusted_root()))
    bundle = fabricated.make(tmp_path / "runfiles", build)
    for out in (home / "built", tmp_path / "published"):
        channels.release(bundle, out)
    signature = tmp_path / "published/github" / bundle.manifest.signature_name
    signature.write_bytes(signer.sign(bundle.manifest, print))
    handler = functools.partial(_Quiet, directory=str(tmp_path / "published/github"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield World(home, tmp_path / "published/github", f"http://127.0.0.1:{server.server_port}", build, bundle, signer)
    server.shutdown()
    server.server_close()
    thread.join()


def test_what_the_commit_builds_is_the_same_byte_for_byte(world: World) -> None:
    ended = world.rebuild("dev")
    assert ended.status == 0, ended.err
    assert "(signed in https://github.com/Acme/viberun/actions/runs/4711/attempts/1)" in ended.err
    assert ended.out.startswith(f"the same: 9 files of {world.build.version} on GitHub byte for byte")


def test_the_build_is_told_what_the_manifest_says_and_gets_no_secret(world: World) -> None:
    secrets = {"PIP_INDEX_URL": "https://me:secret@index.example", "npm_config__authToken": "npm_secret"}
    ended = world.rebuild(str(world.build.version), GITHUB_REPOSITORY="else/where", HTTPS_PROXY="", **secrets)
    assert ended.status == 0, ended.err
    told = dict(line.split("=", 1) for line in (world.home / "environment").read_text().splitlines())
    assert (told["GITHUB_REPOSITORY"], told["GITHUB_REF"]) == ("Acme/viberun", "refs/heads/main")
    assert told["VIBERUN_OCI_REGISTRY"] == "registry.example"
    assert "HTTPS_PROXY" in told
    assert not told.keys() & {"GITHUB_TOKEN", *secrets}
    assert "VIBERUN_CHANNEL_URL" not in told
    assert " run --config=hermetic //release:dev -- --out " in (world.home / "arguments").read_text()


def test_a_published_file_with_a_byte_changed_is_named(world: World) -> None:
    name = f"viberun-{world.build.version.oci}-linux-amd64.tar.gz"
    file = world.published / name
    content = bytearray(file.read_bytes())
    content[1000] ^= 1
    file.write_bytes(content)
    ended = world.rebuild("dev")
    assert ended.status == 1, ended.err
    (line,) = ended.out.splitlines()
    assert line.startswith(f"different: {name}: 2000 and 2000 bytes, sha256 ")


def test_another_manifest_than_the_commit_makes_is_named_though_it_is_signed(world: World) -> None:
    images = {name: replace(image, ref="evil.example/x:dev") for name, image in world.bundle.manifest.images.items()}
    other = replace(world.bundle.manifest, images=images)
    (world.published / "channel.json").write_text(other.to_json())
    (world.published / other.signature_name).write_bytes(world.signer.sign(other, print))
    ended = world.rebuild("dev")
    assert (ended.status, len(ended.out.splitlines())) == (1, 1), ended.err
    assert ended.out.startswith("different: channel.json: sha256 ")


def test_the_repository_of_the_option_counts_whatever_the_environment_says(world: World) -> None:
    ended = world.rebuild("dev", "--repository", "acme/VIBERUN", VIBERUN_REPOSITORY="an/other")
    assert ended.status == 0, ended.err
    assert "not by an/other" in world.rebuild("dev", VIBERUN_REPOSITORY="an/other").err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_nothing_is_left_where_it_is_ended(world: World, number: signal.Signals) -> None:
    (world.home / "lasts").touch()
    running = world.start("dev")
    while not (world.home / "arguments").exists():
        assert running.poll() is None
        time.sleep(0.05)
    running.send_signal(number)
    running.communicate(timeout=60)
    assert running.returncode not in (0, 1, 4)
    assert list((world.home / "tmp").iterdir()) == []


def test_a_file_that_is_gone_is_named(world: World) -> None:
    (world.published / f"SHA256SUMS-{world.build.version.oci}").unlink()
    ended = world.rebuild("dev")
    assert (ended.status, len(ended.out.splitlines())) == (1, 1)
    assert f"SHA256SUMS-{world.build.version.oci} is not there" in ended.out


def test_another_image_and_another_package_are_found_though_they_are_on_no_github(world: World, tmp_path: Path) -> None:
    channels.release(fabricated.make(tmp_path / "other", world.build, publishable=True, text="!"), world.home / "built")
    ended = world.rebuild("dev")
    assert ended.status == 1, ended.err
    told = ended.out
    assert "different: image viberun: sha256:" in told
    assert f"different: viberun-{world.build.version.npm}.tgz: " in told
    assert f"different: {world.build.version.oci}" not in told


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("0.0.0-dev.20260101000000+abcdef0", "there is no release 0.0.0-dev.20260101000000+abcdef0"),
        ("latest", "not prod"),
    ],
)
def test_what_is_not_published_can_t_be_told(world: World, wanted: str, said: str) -> None:
    ended = world.rebuild(wanted)
    assert (ended.status, ended.out) == (4, "")
    assert said in ended.err


def test_a_commit_that_does_not_build_can_t_be_told(world: World) -> None:
    (world.home / "fails").touch()
    ended = world.rebuild("dev")
    assert (ended.status, ended.out) == (4, "")
    assert ended.err.splitlines()[-1].startswith("rebuild: the build of //release:dev failed; ")


def test_a_commit_that_is_gone_can_t_be_told(world: World, tmp_path: Path) -> None:
    (tmp_path / "source").rename(tmp_path / "elsewhere")
    ended = world.rebuild("dev")
    assert (ended.status, ended.out) == (4, "")
    assert "rebuild: the clone of https://github.com/Acme/viberun failed; " in ended.err


def test_what_another_signed_is_not_built(world: World) -> None:
    (world.home / "trusted_root.json").write_text(json.dumps(InProcess().instance.trusted_root()))
    ended = world.rebuild("dev")
    assert (ended.status, ended.out) == (4, "")
    assert "the certificate is of nobody who is trusted" in ended.err
    assert not (world.home / "arguments").exists()


def test_what_is_no_version_is_wrong_usage(world: World) -> None:
    ended = world.rebuild("newest")
    assert (ended.status, ended.out) == (2, "")
    assert "newest" in ended.err
