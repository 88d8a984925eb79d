"""A newcomer's first command, and the commands that it prints: typed as they stand, in another folder."""

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest


def run(program: str, *arguments: str) -> str:
    """Runs what `bazel run` does of this commit's release; returns its standard output."""
    done = subprocess.run(
        [os.environ[program], *arguments], check=True, stdout=subprocess.PIPE, text=True, timeout=1200
    )
    return done.stdout


def release(channel: Path) -> str:
    return run("VIBERUN_RELEASE", "--out", str(channel))


@pytest.fixture(scope="module")
def channel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("released") / "channel"


@pytest.fixture(scope="module")
def printed(channel: Path) -> str:
    return release(channel)


@pytest.fixture(scope="module")
def semver() -> str:
    return run("VIBERUN_VERSION").strip()


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A person's environment: empty caches, and the tools on PATH."""
    tools = [Path(os.environ["VIBERUN_NODE"]) / "bin", Path(os.environ["VIBERUN_UV"]).parent]
    return {
        "HOME": str(tmp_path),
        "PATH": ":".join([*map(str, tools), "/usr/local/bin", "/usr/bin", "/bin"]),
        "npm_config_yes": "true",
        "npm_config_update_notifier": "false",
    }


def commands(printed: str) -> list[str]:
    _, _, tail = printed.partition("Try it:\n")
    return [line.strip() for line in tail.splitlines() if line.startswith("  ")]


@pytest.mark.parametrize("tool", ["uvx ", "npx ", "d="])
def test_a_printed_command_gives_the_version(
    tool: str, printed: str, semver: str, environment: dict[str, str], tmp_path: Path
) -> None:
    (command,) = [line for line in commands(printed) if line.startswith(tool)]
    done = subprocess.run(
        ["sh", "-c", command], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300
    )
    assert (done.returncode, done.stdout.strip()) == (0, semver), done.stderr


def test_every_printed_command_is_tried_here(printed: str) -> None:
    assert len(commands(printed)) == 3


def test_the_manifest_tells_the_truth_about_every_file(printed: str, channel: Path, semver: str) -> None:
    assert printed
    manifest = json.loads((channel / "channel.json").read_text())
    assert manifest["version"] == semver
    folders = {"npm": "npm", "wheel": "pypi"}
    for file in manifest["files"]:
        content = (channel / folders.get(file["kind"], manifest["files_at"]) / file["name"]).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (file["size"], file["sha256"]), file["name"]


def test_the_sums_are_what_sha256sum_reads(printed: str, channel: Path) -> None:
    assert printed
    (sums,) = (channel / "github").glob("SHA256SUMS-*")
    done = subprocess.run(["sha256sum", "-c", sums.name], cwd=sums.parent, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert len(done.stdout.splitlines()) >= 6


def test_what_the_packages_hold_is_the_binary_of_the_tarball(printed: str, channel: Path, tmp_path: Path) -> None:
    assert printed
    (tarball,) = (channel / "github").glob("viberun-0*-linux-amd64.tar.gz")
    (package,) = (channel / "npm").glob("*.tgz")
    shutil.unpack_archive(tarball, tmp_path / "tarball", filter="data")
    shutil.unpack_archive(package, tmp_path / "npm", format="gztar", filter="data")
    released = (tmp_path / "tarball/viberun").read_bytes()
    assert (tmp_path / "npm/package/vendor/linux-amd64/viberun").read_bytes() == released


def test_a_second_run_says_that_nothing_has_changed(printed: str, channel: Path) -> None:
    assert printed
    before = {path: path.stat().st_mtime_ns for path in channel.rglob("*")}
    assert "nothing has changed" in release(channel)
    assert {path: path.stat().st_mtime_ns for path in channel.rglob("*")} == before


@pytest.mark.parametrize("spelling", ["npm", "pypi", "oci", "git", "semver"])
def test_the_version_is_printed_alone_in_every_spelling(spelling: str, semver: str) -> None:
    document = json.loads(run("VIBERUN_VERSION", "--format", "json"))
    assert document["version"] == semver
    assert run("VIBERUN_VERSION", "--format", spelling) == document["spellings"][spelling] + "\n"
