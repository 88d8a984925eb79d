"""Assembles an image from its layers: the release's layer, configurations, manifests and index, as an OCI image layout.

Follows OCI image-spec 1.1. The heavy layers are linked (copied from another file system), never opened.
"""

import datetime
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.oci.image import release_layer as release
from tools.oci.image import sbom
from tools.oci.model import blob, declaration, installed, metadata
from tools.oci.model.blob import MEDIA_TYPE, Blob
from tools.oci.model.declaration import Declaration
from tools.oci.model.installed import Installed
from tools.oci.model.metadata import Metadata
from viberun.build import Build

_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_INDEX = "application/vnd.oci.image.index.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_VARIANTS = {"amd64": {}, "arm64": {"variant": "v8"}}


@dataclass(frozen=True)
class PackedLayer:
    """A finished layer: what is known of it, and the file that holds it."""

    metadata: Metadata
    file: Path


@dataclass(frozen=True)
class Platform:
    """What an image is made from for one architecture, lowest layer first."""

    architecture: str
    layers: tuple[PackedLayer, ...]
    binary: Path | None


@dataclass(frozen=True)
class Layout:
    """A folder that is an OCI image layout (image-layout.md)."""

    path: Path

    def add(self, content: bytes, media_type: str) -> dict[str, object]:
        """Writes a blob and returns its descriptor."""
        digest = blob.sha256(content)
        self._place(digest).write_bytes(content)
        return {"mediaType": media_type, "digest": digest, "size": len(content)}

    def add_json(self, document: object, media_type: str) -> dict[str, object]:
        return self.add(_json(document), media_type)

    def add_layer(self, layer: Blob, file: Path, move: bool = False) -> dict[str, object]:
        (shutil.move if move else _link)(file, self._place(layer.digest))
        return {"mediaType": MEDIA_TYPE, "digest": layer.digest, "size": layer.size}

    def finish(self, index: dict[str, object], name: str) -> None:
        """Writes the entry point: one image, called `name`."""
        descriptor = {**index, "annotations": {"org.opencontainers.image.ref.name": name}}
        document = {"schemaVersion": 2, "mediaType": _INDEX, "manifests": [descriptor]}
        (self.path / "index.json").write_bytes(_json(document))
        (self.path / "oci-layout").write_bytes(_json({"imageLayoutVersion": "1.0.0"}))

    def _place(self, digest: str) -> Path:
        place = self.path / "blobs" / digest.replace(":", "/")
        place.parent.mkdir(parents=True, exist_ok=True)
        return place


def _link(file: Path, place: Path) -> None:
    if not place.exists():
        try:
            place.hardlink_to(file.resolve())
        except OSError:
            shutil.copyfile(file, place)


def make(
    image: Declaration,
    platforms: tuple[Platform, ...],
    sources: dict[str, Path],
    build: Build,
    layout: Layout,
) -> dict[str, str]:
    """Fills the layout, and returns the bill of materials by architecture.

    `sources` are the files that image.json names, by the path that it gives them.
    """
    labels = _labels(image, build)
    manifests = []
    sboms = {}
    for platform in platforms:
        below = installed.merge(layer.metadata for layer in platform.layers)
        text = sboms[platform.architecture] = sbom.write(image, below, build)
        content = release.Content(sources, build.to_json(), text, platform.binary)
        file = layout.path / "release.tmp"
        last = release.make(image, below, content, file)
        blobs = [*(layer.metadata.blob for layer in platform.layers), last]
        config = _configuration(image, below, platform, blobs, build, labels)
        manifest = {
            "schemaVersion": 2,
            "mediaType": _MANIFEST,
            "config": layout.add_json(config, _CONFIG),
            "layers": [
                *(layout.add_layer(layer.metadata.blob, layer.file) for layer in platform.layers),
                layout.add_layer(last, file, move=True),
            ],
        }
        manifests.append({**layout.add_json(manifest, _MANIFEST), "platform": _platform(platform.architecture)})
    index = {"schemaVersion": 2, "mediaType": _INDEX, "manifests": manifests, "annotations": labels}
    layout.finish(layout.add_json(index, _INDEX), build.version.oci)
    return sboms


def _platform(architecture: str) -> dict[str, str]:
    return {"architecture": architecture, "os": "linux", **_VARIANTS[architecture]}


def _labels(image: Declaration, build: Build) -> dict[str, str]:
    """Returns the keys that OCI defines (annotations.md), without those of which nothing is known."""
    labels = {
        "created": build.committed,
        "description": image.description,
        "revision": build.commit,
        "title": image.title,
        "version": build.version.semver,
    }
    if build.repository is not None:
        labels["source"] = labels["url"] = f"{build.github}/{build.repository}"
    return {f"org.opencontainers.image.{key}": value for key, value in sorted(labels.items())}


def _configuration(
    image: Declaration, below: Installed, platform: Platform, blobs: list[Blob], build: Build, labels: dict[str, str]
) -> dict[str, object]:
    """Returns the image configuration (config.md): what a container is started with."""
    config = image.config
    names = [*(layer.metadata.layer for layer in platform.layers), release.NAME]
    packed = datetime.datetime.fromtimestamp(below.mtime, datetime.UTC)
    times = [f"{packed:%Y-%m-%dT%H:%M:%SZ}"] * len(platform.layers) + [build.committed]
    history = [
        {"created": time, "created_by": f"viberun: {image.name}, layer {name}"}
        for time, name in zip(times, names, strict=True)
    ]
    settings: dict[str, object] = {
        "User": config.user,
        "WorkingDir": config.workdir,
        "Env": [f"{name}={value}" for name, value in config.env.items()],
        "Entrypoint": list(config.entrypoint),
        "Cmd": list(config.cmd),
        "ExposedPorts": {port: {} for port in config.ports},
        "Volumes": {volume: {} for volume in config.volumes},
        "StopSignal": config.stop_signal,
        "Labels": labels,
    }
    return {
        **_platform(platform.architecture),
        "created": build.committed,
        "config": {key: value for key, value in settings.items() if value},
        "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in blobs]},
        "history": history,
    }


def _json(document: object) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def _platforms(request: dict[str, Any]) -> Iterator[Platform]:
    for architecture, parts in sorted(request.items()):
        layers = tuple(
            PackedLayer(metadata.read(Path(part["metadata"])), Path(part["blob"])) for part in parts["layers"]
        )
        yield Platform(architecture, layers, Path(parts["binary"]) if parts["binary"] else None)


def main(request: dict[str, Any]) -> None:
    layout = Layout(Path(request["layout"]))
    layout.path.mkdir(exist_ok=True)
    sboms = make(
        image=declaration.parse(Path(request["declaration"]).read_text()),
        platforms=tuple(_platforms(request["platforms"])),
        sources={name: Path(path) for name, path in request["sources"].items()},
        build=Build.from_json(Path(request["version"]).read_text()),
        layout=layout,
    )
    for architecture, path in request["sboms"].items():
        Path(path).write_text(sboms[architecture])
