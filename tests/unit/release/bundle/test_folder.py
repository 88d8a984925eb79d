"""A release folder is read back as what was released; anything else in it is refused in one clear line."""

import hashlib
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from release.bundle import folder
from release.bundle.folder import FolderError
from release.bundle.model import Bundle
from release.destinations.local.destination import LocalChannel
from release.driver import steps as driver
from release.driver.progress import Progress, Style
from tests.release import fabricated
from viberun.build import Build

OCI = "0.0.0-dev.20260125123045-abc1234"
NPM = "npm/viberun-0.0.0-dev.20260125123045.tgz"


def release(root: Path, build: Build) -> tuple[Bundle, Path]:
    """The folder that a local release makes, itself a link to an edition."""
    bundle, out = fabricated.make(root / "built", build, publishable=True), root / "out"
    driver.release(bundle, [LocalChannel(out, "linux-amd64")], _silence(), dry_run=False)
    return bundle, out


def _silence() -> Progress:
    return Progress(io.StringIO(), Style(quiet=True), lambda: 0.0)


@pytest.mark.parametrize("build", [fabricated.DEV, fabricated.PROD], ids=["dev", "prod"])
def test_a_folder_is_read_back_as_what_was_released(tmp_path: Path, build: Build) -> None:
    bundle, out = release(tmp_path, build)
    read = folder.read(out)
    assert read.manifest == bundle.manifest

    def facts(made: Bundle) -> tuple[object, object]:
        files = [(a.name, a.kind, a.platform, a.digest, a.path.read_bytes()) for a in made.artifacts]
        images = [(i.name, i.digest, [(f.name, f.digest, f.path.read_bytes()) for f in i.files]) for i in made.images]
        return sorted(files, key=str), images

    assert facts(read) == facts(bundle)
    assert not driver.release(read, [LocalChannel(out, "linux-amd64")], _silence(), dry_run=False).changed


def _link(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def _alter(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1] + b"?")


def _blob(out: Path) -> Path:
    """A layer of an image, the largest of its blobs."""
    return max((out / "images/viberun/blobs/sha256").iterdir(), key=lambda path: path.stat().st_size)


def _swap_index(out: Path) -> None:
    """The layout of an image whose index names another image that is whole."""
    index = out / "images/viberun/index.json"
    index.write_bytes((out / "images/viberun-proxy/index.json").read_bytes())
    for blob in (out / "images/viberun-proxy/blobs/sha256").iterdir():
        (out / "images/viberun/blobs/sha256" / blob.name).write_bytes(blob.read_bytes())


def _rewrite(out: Path, old: str, new: str) -> None:
    """In all three manifests."""
    for path in (out / "channel.json", out / "github/channel.json", *out.glob("github/viberun-*.json")):
        path.write_text(path.read_text().replace(old, new))


def _lie(out: Path) -> None:
    """Another package whose digest all manifests name; the build's own sums of downloads know nothing of packages."""
    client = next(out.glob("github/viberun-0*linux-amd64.tar.gz"))
    before = client.read_bytes()
    _alter(client)
    _rewrite(out, hashlib.sha256(before).hexdigest(), hashlib.sha256(client.read_bytes()).hexdigest())


DEV_FOLDERS: dict[str, tuple[Callable[[Path], object], str]] = {
    "an extra file": (lambda out: (out / "npm/extra.tgz").write_bytes(b"x"), "npm/extra.tgz does not belong to it"),
    "an extra file at the top": (lambda out: (out / "README").write_bytes(b""), "README does not belong to it"),
    "an extra blob": (
        lambda out: (out / "images/viberun/blobs/sha256" / ("0" * 64)).write_bytes(b"x"),
        f"images/viberun/blobs/sha256/{'0' * 64} does not belong to it",
    ),
    "an extra image": (lambda out: (out / "images/other").symlink_to("viberun"), "images/other does not belong to it"),
    "a plain name": (lambda out: (out / "github/install.sh").write_bytes(b""), "github/install.sh does not belong"),
    "a missing package": (lambda out: (out / NPM).unlink(), f"{NPM} is missing"),
    "a missing asset": (lambda out: (out / f"github/install-{OCI}.sh").unlink(), f"github/install-{OCI}.sh is missing"),
    "a missing manifest": (lambda out: (out / "channel.json").unlink(), "no release folder: .*No such file"),
    "a missing second manifest": (lambda out: (out / "github/channel.json").unlink(), "github/channel.json is missing"),
    "a missing layout": (lambda out: (out / "images/viberun/oci-layout").unlink(), "viberun/oci-layout is missing"),
    "a missing blob": (lambda out: _blob(out).unlink(), "images/viberun/blobs/sha256/.* is missing"),
    "a linked file": (lambda out: _link(out / NPM), f"{NPM} is no plain file"),
    "a linked blob": (lambda out: _link(_blob(out)), "blobs/sha256/.* is no plain file"),
    "a linked folder": (lambda out: _link(out / "npm"), f"{NPM} is "),
    "a renamed file": (lambda out: (out / NPM).rename(out / "npm/viberun-1.0.0.tgz"), f"{NPM} is missing"),
    "a renamed file and manifest": (
        lambda out: _rewrite((out / NPM).rename(out / "npm/other-1.0.0.tgz").parents[1], NPM[4:], "other-1.0.0.tgz"),
        "other-1.0.0.tgz is no name of a npm of",
    ),
    "a shorter file": (lambda out: _truncate(out / NPM), f"{NPM} is not the file that the release has"),
    "an altered file": (lambda out: _alter(out / NPM), f"{NPM} is not the file that the release has"),
    "an altered blob": (lambda out: _alter(_blob(out)), "images/viberun/blobs/sha256/.* has sha256"),
    "an altered manifest": (lambda out: _truncate(out / "channel.json"), "channel.json"),
    "two manifests that differ": (
        lambda out: (out / "github/channel.json").write_bytes((out / "channel.json").read_bytes()),
        "github/channel.json is not the file",
    ),
    "sums that differ": (lambda out: _lie(out), f"github/SHA256SUMS-{OCI} is not the file"),
    "another image": (_swap_index, "images/viberun/index.json names sha256:.*, not sha256:"),
    "an index of two": (
        lambda out: (out / "images/viberun/index.json").write_text(
            json.dumps({"manifests": 2 * json.loads((out / "images/viberun/index.json").read_text())["manifests"]})
        ),
        "images/viberun/index.json names sha256:.* and sha256:",
    ),
    "another version": (lambda out: _rewrite(out, "abc1234", "abc1235"), "is no"),
    "another channel": (lambda out: _rewrite(out, '"channel": "dev"', '"channel": "prod"'), "no release folder"),
}


@pytest.mark.parametrize("case", DEV_FOLDERS)
def test_a_folder_that_was_tampered_with_is_refused(tmp_path: Path, case: str) -> None:
    tamper, said = DEV_FOLDERS[case]
    _, out = release(tmp_path, fabricated.DEV)
    tamper(out.resolve())
    with pytest.raises(FolderError, match=said) as caught:
        folder.read(out)
    assert all("\n" not in problem for problem in caught.value.problems)


PROD_FOLDERS: dict[str, tuple[Callable[[Path], object], str]] = {
    "another plain name": (lambda out: _alter(out / "viberun-linux-amd64.tar.gz"), "viberun-linux-amd64.tar.gz is not"),
    "another plain script": (lambda out: _alter(out / "install.sh"), "github/install.sh is not the file"),
    "other sums of a plain name": (
        lambda out: _alter(out / "viberun-linux-amd64.tar.gz.sha256"),
        "viberun-linux-amd64.tar.gz.sha256 is not the file",
    ),
    "a missing plain name": (lambda out: (out / "install.sh").unlink(), "github/install.sh is missing"),
    "missing sums": (
        lambda out: (out / "viberun-darwin-arm64.tar.gz.sha256").unlink(),
        "github/viberun-darwin-arm64.tar.gz.sha256 is missing",
    ),
}


@pytest.mark.parametrize("case", PROD_FOLDERS)
def test_on_prod_every_plain_name_is_its_versioned_twin(tmp_path: Path, case: str) -> None:
    tamper, said = PROD_FOLDERS[case]
    _, out = release(tmp_path, fabricated.PROD)
    tamper(out.resolve() / "github")
    with pytest.raises(FolderError, match=said):
        folder.read(out)


def test_every_problem_is_in_one_report(tmp_path: Path) -> None:
    _, out = release(tmp_path, fabricated.DEV)
    (out / NPM).unlink()
    (out / "extra").touch()
    with pytest.raises(FolderError) as caught:
        folder.read(out)
    assert caught.value.problems == (f"{NPM} is missing", "extra does not belong to it")


@pytest.mark.parametrize("path", ["absent", "."])
def test_a_folder_that_is_none_of_ours_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(FolderError, match="is no release folder: "):
        folder.read(tmp_path / path)
