import gzip
import hashlib
import io
import json
import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.unit.tools.oci.samples import BUILD, COMMIT, declared, packed
from tools.archive import tar
from tools.archive.tar import Entry, directory
from tools.oci.image import image, load
from tools.oci.model import declaration
from tools.oci.model.privileges import PrivilegeError
from tools.oci.model.rootfs import ConflictError
from viberun.build import Build
from viberun.version import Version


def made(
    tmp_path: Path, name: str = "layout", declaration_: declaration.Declaration | None = None, build: Build = BUILD
) -> Path:
    (tmp_path / "init").write_text("#!/bin/sh\n")
    (tmp_path / "binary").write_bytes(b"\x7fELF")
    below = packed(tmp_path, "base", directory("usr"), directory("usr/bin"), Entry("usr/bin/one", data=b"1"))
    parts = declaration_ or declared(files=[{"path": "/usr/bin/init", "source": "init", "mode": "0755"}])
    layers = (image.PackedLayer(below, tmp_path / "base"),)
    platform = image.Platform("amd64", layers, tmp_path / "binary")
    layout = image.Layout(tmp_path / name)
    layout.path.mkdir()
    image.make(parts, (platform,), {"init": tmp_path / "init"}, build, layout)
    return layout.path


def blob(layout: Path, descriptor: dict[str, Any]) -> bytes:
    content = (layout / "blobs" / str(descriptor["digest"]).replace(":", "/")).read_bytes()
    assert f"sha256:{hashlib.sha256(content).hexdigest()}" == descriptor["digest"]
    assert len(content) == descriptor["size"]
    return content


def read(layout: Path) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Index, manifest and configuration."""
    index = json.loads(blob(layout, json.loads((layout / "index.json").read_text())["manifests"][0]))
    manifest = json.loads(blob(layout, index["manifests"][0]))
    return index, manifest, json.loads(blob(layout, manifest["config"]))


def last_layer(layout: Path) -> dict[str, Entry]:
    archive = gzip.decompress(blob(layout, read(layout)[1]["layers"][-1]))
    return {member.entry.path: member.entry for member in tar.members(archive)}


def test_digests_lead_from_the_index_to_every_layer(tmp_path: Path) -> None:
    layout = made(tmp_path)
    index, manifest, config = read(layout)
    diff_ids = [
        f"sha256:{hashlib.sha256(gzip.decompress(blob(layout, layer))).hexdigest()}" for layer in manifest["layers"]
    ]
    assert config["rootfs"]["diff_ids"] == diff_ids
    assert len(config["history"]) == len(diff_ids) == 2
    assert index["manifests"][0]["platform"] == {"architecture": "amd64", "os": "linux"}


def test_labels_and_annotations_are_those_that_oci_defines(tmp_path: Path) -> None:
    index, _, config = read(made(tmp_path))
    assert (
        index["annotations"]
        == config["config"]["Labels"]
        == {
            "org.opencontainers.image.created": "2026-01-25T12:30:45Z",
            "org.opencontainers.image.description": "d",
            "org.opencontainers.image.revision": COMMIT,
            "org.opencontainers.image.source": "https://github.com/owner/name",
            "org.opencontainers.image.title": "t",
            "org.opencontainers.image.url": "https://github.com/owner/name",
            "org.opencontainers.image.version": "0.0.0-dev.20260125123045+0123456",
        }
    )


def test_the_source_is_at_the_github_of_the_build(tmp_path: Path) -> None:
    labels = read(made(tmp_path, build=replace(BUILD, github="https://ghe.example.org")))[2]["config"]["Labels"]
    for name in ("source", "url"):
        assert labels[f"org.opencontainers.image.{name}"] == "https://ghe.example.org/owner/name"


def test_without_a_repository_no_source_is_named(tmp_path: Path) -> None:
    build = Build(BUILD.version, "dev", COMMIT, BUILD.committed, None)
    labels = read(made(tmp_path, build=build))[2]["config"]["Labels"]
    assert "org.opencontainers.image.source" not in labels


def test_the_last_layer_holds_the_release_s_own_files(tmp_path: Path) -> None:
    found = last_layer(made(tmp_path))
    assert found["usr/bin/init"].mode == found["usr/local/bin/viberun"].mode == 0o755
    assert bytes(found["usr/local/bin/viberun"].data) == b"\x7fELF"
    assert Build.from_json(bytes(found["usr/share/viberun/version.json"].data)) == BUILD
    assert json.loads(bytes(found["usr/share/viberun/sbom.cdx.json"].data))["bomFormat"] == "CycloneDX"


def test_a_new_version_changes_the_last_layer_only(tmp_path: Path) -> None:
    other = Build(Version.dev(1769344246, COMMIT, dirty=False), "dev", COMMIT, "2026-01-25T12:30:46Z", "owner/name")
    one = read(made(tmp_path, "one"))[1]["layers"]
    two = read(made(tmp_path, "two", build=other))[1]["layers"]
    assert one[:-1] == two[:-1]
    assert one[-1] != two[-1]


def test_the_heavy_layers_take_no_second_copy(tmp_path: Path) -> None:
    layout = made(tmp_path)
    heavy = read(layout)[1]["layers"][0]["digest"]
    assert (layout / "blobs" / heavy.replace(":", "/")).samefile(tmp_path / "base")


def test_the_same_inputs_make_the_same_layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def digests(layout: Path) -> dict[str, str]:
        files = [path for path in layout.rglob("*") if path.is_file()]
        return {str(path.relative_to(layout)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    first = digests(made(tmp_path, "one"))
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    mask = os.umask(0o077)
    try:
        second = digests(made(tmp_path, "two"))
    finally:
        os.umask(mask)
        monkeypatch.undo()
        time.tzset()
    assert first == second


def test_a_file_of_the_release_never_hides_another_nor_gets_others_rights(tmp_path: Path) -> None:
    for path, mode, error in (("/usr/bin/one", "0644", ConflictError), ("/usr/bin/two", "4755", PrivilegeError)):
        parts = declared(files=[{"path": path, "source": "init", "mode": mode}])
        with pytest.raises(error, match=path):
            made(tmp_path, f"layout{mode}", parts)


def test_docker_s_own_archive_has_the_same_layers(tmp_path: Path) -> None:
    layout = made(tmp_path)
    out = io.BytesIO()
    load.write(layout, "amd64", ["viberun:dev"], out)
    entries = {entry.path: entry for entry in tar.read(io.BytesIO(out.getvalue()))}
    (description,) = json.loads(bytes(entries["manifest.json"].data))
    assert description["RepoTags"] == ["viberun:dev"]
    _, manifest, config = read(layout)
    assert json.loads(bytes(entries[description["Config"]].data)) == config
    assert [bytes(entries[name].data) for name in description["Layers"]] == [
        blob(layout, layer) for layer in manifest["layers"]
    ]


def test_an_architecture_that_the_image_lacks_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(load.LoadError, match="riscv64"):
        load.write(made(tmp_path), "riscv64", [], io.BytesIO())
