"""What CONTRIBUTING.md says must be touched to add something is all that must be: it is added in a copy of the tree."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.checkout.bazel import Bazel, own_bazel, repository_cache, users_environment
from tests.checkout.copy import copy_sources
from tests.checkout.git import git
from tools.debian import request
from tools.debian.files import Files

MOST_FILES = 4
# A release of few files, whose manifest is made at once.
EXAMPLE = "release/bundle/example/BUILD"


@dataclass(frozen=True)
class Tree:
    """A copy of the tree that changes are made and counted in, with a Bazel of its own."""

    folder: Path
    bazel: Bazel

    def touched(self) -> list[str]:
        """The files that differ from the tree as it was, and the folders that are new."""
        return [line[3:] for line in git(self.folder, "status", "--porcelain").splitlines()]

    def change(self, path: str, pattern: str, replacement: str) -> None:
        """Replaces what matches in a file. Fails where nothing does."""
        file = self.folder / path
        text, count = re.subn(pattern, replacement, file.read_text(), flags=re.MULTILINE)
        assert count, f"{path} has nothing like {pattern}"
        file.write_text(text)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tree]:
    scratch = tmp_path_factory.mktemp("growth")
    folder = scratch / "tree"
    copy_sources(folder)
    settings = ["build --config=hermetic", f"common --repository_cache={repository_cache(scratch)}"]
    with own_bazel(folder, scratch, users_environment(), settings) as bazel:
        yield Tree(folder, bazel)


@pytest.fixture
def tree(copy: Tree) -> Iterator[Tree]:
    yield copy
    git(copy.folder, "reset", "--quiet", "--hard")
    git(copy.folder, "clean", "--quiet", "--force", "-d")


def renew_lock(tree: Tree, image: str) -> None:
    """Puts the image's packages into the lock, as `bazel run //tools/debian:update` would: those of the proxy's base."""
    files = Files(tree.folder)
    lock = files.read_lock()
    assert lock
    asked = request.read(tree.folder, image)
    name = asked.layers[0].set_name
    packages = tuple(replace(p, sets=(*p.sets, name)) if "proxy.base" in p.sets else p for p in lock.packages)
    renewed = replace(lock, packages=packages, requests={**lock.requests, image: asked.checksum})
    (tree.folder / "tools/debian/trixie.lock.json").write_text(renewed.to_json())


def manifest_of_example(tree: Tree) -> Any:
    tree.bazel.run("build", "//release/bundle/example")
    return json.loads((tree.folder / "bazel-bin/release/bundle/example/example/channel.json").read_text())


def run_python(tree: Tree, script: str, given: object) -> str:
    """Runs a script that imports from the tree; it has `given` as a line of JSON to read."""
    return subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:] = {[str(tree.folder), *sys.path]}\n{script}"],
        env={"GITHUB_REPOSITORY": "example/viberun"},
        input=json.dumps(given),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout


def test_a_third_image_is_its_folder_and_four_lines(tree: Tree) -> None:
    declaration = json.loads((tree.folder / "images/proxy/image.json").read_text())
    declaration.update(name="viberun-files", title="viberun files", layers=declaration["layers"][:1], files=[])
    folder = tree.folder / "images/files"
    folder.mkdir()
    (folder / "image.json").write_text(json.dumps(declaration))
    with (tree.folder / "images/BUILD").open("a") as build:
        build.write('\nimage(\n    name = "viberun_files",\n    folder = "files",\n    layers = ["base"],\n)\n')
    tree.change("tools/debian/trixie.json", r'("images/proxy/image.json",)', r'\1\n    "images/files/image.json",')
    tree.change("viberun/channel.py", r'("viberun-proxy": PROXY_IMAGE)', r'\1, "viberun-files": "VIBERUN_FILES_IMAGE"')
    tree.change(
        "release/BUILD",
        r'^( *)("//images:viberun_proxy\.{channel}": "viberun-proxy",)',
        r'\1"//images:viberun_files.{channel}": "viberun-files",\n\1\2',
    )
    renew_lock(tree, "images/files/image.json")
    written_by_hand = set(tree.touched()) - {"images/files/", "tools/debian/trixie.lock.json"}
    assert len(written_by_hand) <= MOST_FILES, written_by_hand
    tree.bazel.run("build", "--nobuild", "//release:bundle_dev")
    # In the example's release the image is alone, and the manifest is made at once.
    tree.change(EXAMPLE, r"^( *)(files = )", r'\1images = {"//images:viberun_files": "viberun-files"},\n\1\2')
    assert list(manifest_of_example(tree)["images"]) == ["viberun-files"]


def test_a_new_kind_of_file_is_four_lines(tree: Tree) -> None:
    tree.change(
        "release/bundle/kinds.py", r'^( *)("wheel": FileKind)', r'\1"licence": FileKind("LICENCE-{oci}"),\n\1\2'
    )
    tree.change("viberun/manifest.py", r'"wheel", ', r'"wheel", "licence", ')
    tree.change("viberun/manifest.schema.json", r'^( *)"wheel",', r'\1"wheel",\n\1"licence",')
    tree.change("release/BUILD", r'^( *)(":install\.{channel}": "install",)', r'\1\2\n\1"//:LICENSE": "licence",')
    assert len(tree.touched()) <= MOST_FILES, tree.touched()
    tree.bazel.run("build", "--nobuild", "//release:bundle_dev")
    tree.change(EXAMPLE, r'(files = \{":install": "install")', r'\1, "//:LICENSE": "licence"')
    manifest = manifest_of_example(tree)
    licence = next(file for file in manifest["files"] if file["kind"] == "licence")
    assert licence["name"] == f"LICENCE-{manifest['spellings']['oci']}"
    assert licence["size"] == (tree.folder / "LICENSE").stat().st_size


PLACE = '''
"""A folder that mirrors fetch from."""

from release.bundle.model import Bundle
from release.destinations.destination import Published, Receipt, RemoteDestination, Standing
from release.driver.outcome import Change, Problems
from release.driver.progress import Meter


class Mirror(RemoteDestination):
    name = "mirror"

    def preflight(self, bundle: Bundle, meter: Meter) -> Problems:
        return Problems(("no mirror is set",))

    def verify(self, bundle: Bundle) -> list[Change]:
        return []

    def standing(self, channel: Published) -> Standing:
        return Standing(None, None)

    def receipt(self, bundle: Bundle) -> Receipt:
        return Receipt(self.name, (), ())
'''


def test_a_new_place_is_its_folder_and_a_line(tree: Tree) -> None:
    (tree.folder / "release/destinations/mirror").mkdir()
    (tree.folder / "release/destinations/mirror/destination.py").write_text(PLACE.lstrip())
    registry = "release/destinations/registry.py"
    module = "release.destinations.mirror.destination"
    tree.change(registry, r"^(from release\.destinations\.npm\.client .*)", rf"from {module} import Mirror\n\1")
    tree.change(registry, r"^( *)(NpmRegistry\(http\(\))", r"\1Mirror(http()),\n\1\2")
    assert len(set(tree.touched()) - {"release/destinations/mirror/"}) <= MOST_FILES, tree.touched()
    shown = run_python(tree, NAMES, None).split()
    assert shown == ["ghcr", "mirror", "npm", "pypi", "github"]
    sources = tree.bazel.run("query", "labels(srcs, //release/destinations)")
    assert "//release/destinations:mirror/destination.py" in sources.splitlines()


NAMES = """
import os
from pathlib import Path
from release.destinations.registry import remote
from release.signing.signer import Trust
trust = Trust(*(Path(sys.path[0], "tools/trust", name) for name in ("trusted_root.json", "signing_config.json")))
print(*(destination.name for destination in remote(os.environ, trust)))
"""


def test_a_new_platform_of_the_client_is_four_lines(tree: Tree) -> None:
    tree.change(
        "release/BUILD", r'^( *)("darwin-arm64": )', r'\1"freebsd-amd64": "//viberun/client:pex.{channel}",\n\1\2'
    )
    tree.change("tools/pex/private/pex_binary.bzl", r'"darwin-arm64"\]', r'"darwin-arm64", "freebsd-amd64"]')
    tree.change("viberun/platforms.py", r'"darwin-arm64"\)', r'"darwin-arm64", "freebsd-amd64")')
    tree.change("viberun/manifest.schema.json", r'^( *)"darwin-arm64",', r'\1"darwin-arm64",\n\1"freebsd-amd64",')
    assert len(tree.touched()) <= MOST_FILES, tree.touched()
    tree.bazel.run("build", "--nobuild", "//release:bundle_dev", "//pkg_npm:dev")
    manifest = manifest_of_example(tree)
    schema = json.loads((tree.folder / "viberun/manifest.schema.json").read_text())
    (client,) = (file for file in manifest["files"] if file["kind"] == "client")
    client["platform"] = "freebsd-amd64"
    jsonschema.validate(manifest, schema)
    written = run_python(
        tree, "from viberun.manifest import Manifest\nprint(Manifest.parse(input()).to_json())", manifest
    )
    assert json.loads(written) == manifest


def test_every_path_and_target_that_the_page_names_is_there(tree: Tree) -> None:
    text = (tree.folder / "CONTRIBUTING.md").read_text()
    links = re.findall(r"\]\(([^)#:]+)\)", text)
    assert links
    assert [link for link in links if not (tree.folder / link).exists()] == []
    targets = {target.removesuffix("/...") for target in re.findall(r"//[\w/]*(?::\w+|/\.\.\.)", text)}
    assert {"//:venv", "//:format", "//:check", "//release:dev"} <= targets
    tree.bazel.run("query", " + ".join(f"{target}/..." if ":" not in target else target for target in targets))
