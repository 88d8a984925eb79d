"""The layout against OCI's image specification, and what the labels say."""

import gzip
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.images import contents
from tests.images.conftest import layout
from tests.images.contents import Image


def test_every_blob_is_what_its_name_says_and_is_needed(name: str) -> None:
    folder = layout(name)
    named = {path.name for path in (folder / "blobs/sha256").iterdir()}
    assert all(
        hashlib.sha256((folder / "blobs/sha256" / digest).read_bytes()).hexdigest() == digest for digest in named
    )
    assert {digest.removeprefix("sha256:") for digest in _reachable(folder)} == named


def _reachable(folder: Path) -> set[str]:
    entry = json.loads((folder / "index.json").read_text())["manifests"][0]
    digests = {entry["digest"]}
    for descriptor in contents.index(folder)["manifests"]:
        manifest = json.loads(contents.blob(folder, descriptor["digest"]))
        digests |= {
            descriptor["digest"],
            manifest["config"]["digest"],
            *(layer["digest"] for layer in manifest["layers"]),
        }
    return digests


def test_sizes_are_those_of_the_blobs(name: str) -> None:
    folder = layout(name)
    descriptors: list[dict[str, Any]] = [*json.loads((folder / "index.json").read_text())["manifests"]]
    for descriptor in contents.index(folder)["manifests"]:
        manifest = json.loads(contents.blob(folder, descriptor["digest"]))
        descriptors += [descriptor, manifest["config"], *manifest["layers"]]
    assert all(len(contents.blob(folder, d["digest"])) == d["size"] for d in descriptors)


def test_both_architectures_are_there(name: str) -> None:
    platforms = [descriptor["platform"] for descriptor in contents.index(layout(name))["manifests"]]
    assert platforms == [
        {"architecture": "amd64", "os": "linux"},
        {"architecture": "arm64", "os": "linux", "variant": "v8"},
    ]


def test_the_version_is_in_the_labels_the_annotations_and_the_last_layer(image: Image, name: str) -> None:
    labels = image.config["config"]["Labels"]
    version = json.loads(image.content("usr/share/viberun/version.json"))
    assert labels["org.opencontainers.image.version"] == version["version"]
    assert labels["org.opencontainers.image.revision"] == version["commit"]
    assert contents.index(layout(name))["annotations"].keys() == labels.keys()


@pytest.mark.parametrize("architecture", contents.ARCHITECTURES)
def test_no_version_is_in_any_layer_but_the_last(name: str, architecture: str) -> None:
    image = contents.read(layout(name), architecture)
    version = json.loads(image.content("usr/share/viberun/version.json"))
    for layer in image.manifest["layers"][:-1]:
        archive = gzip.decompress(contents.blob(layout(name), layer["digest"]))
        assert version["commit"].encode() not in archive
        assert version["version"].encode() not in archive


def test_copyright_of_every_package_can_be_read(image: Image) -> None:
    status = "var/lib/dpkg/status"
    if status in image.entries:
        text = image.content(status).decode()
        packages = [line.removeprefix("Package: ") for line in text.splitlines() if line.startswith("Package: ")]
    else:
        folder = "var/lib/dpkg/status.d/"
        packages = [
            p.removeprefix(folder) for p in image.entries if p.startswith(folder) and not p.endswith(".md5sums")
        ]
    assert len(packages) > 5
    missing = [package for package in packages if not image.resolve(f"usr/share/doc/{package}/copyright")]
    assert not missing


@pytest.mark.parametrize("architecture", contents.ARCHITECTURES)
def test_the_folders_that_base_files_diverts_are_those_of_its_script(architecture: str) -> None:
    """Which differ by architecture."""
    image = contents.read(layout("app"), architecture)
    script = image.content("var/lib/dpkg/info/base-files.preinst").decode()
    folders = re.findall(r"for d in ([^;]*); do\n[^\n]*\n *dpkg-divert ", script)
    assert len(folders) == 1
    wanted = [(f"/{folder}", f"/.{folder}.usr-is-merged") for folder in folders[0].split()]
    lines = image.content("var/lib/dpkg/diversions").decode().splitlines()
    made = zip(lines[::3], lines[1::3], lines[2::3], strict=True)
    assert [(path, to) for path, to, package in made if package == "base-files"] == wanted
