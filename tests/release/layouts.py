"""Small OCI layouts that are whole: an index of two platforms, each with a configuration, a shared layer and its own."""

import functools
import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from release.bundle.model import ImageLayout, LayoutFile
from release.destinations.ghcr.image import INDEX, MANIFEST
from release.transport.content import Digest

_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


def make(
    folder: Path,
    name: str,
    files: Mapping[str, bytes],
    shared: Mapping[str, bytes] | None = None,
    command: Sequence[str] = (),
) -> ImageLayout:
    """Writes the layout: for each of amd64 and arm64 a layer of `shared` files and one of `files`.

    A container of it runs `command`.
    """
    layout = _Layout(folder)
    platforms = []
    for architecture in ("amd64", "arm64"):
        contents = [
            each | {"etc/architecture": architecture.encode()} for each in (dict(shared or {}), dict(files)) if each
        ]
        tars = [_tar(tuple(sorted(content.items()))) for content in contents]
        diff_ids = [f"sha256:{hashlib.sha256(tar).hexdigest()}" for tar in tars]
        config = {"architecture": architecture, "os": "linux", "rootfs": {"type": "layers", "diff_ids": diff_ids}}
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": layout.add(json.dumps({**config, "config": {"Cmd": [*command]}}).encode(), _CONFIG),
            "layers": [layout.add(_compressed(tar), _LAYER) for tar in tars],
        }
        descriptor = layout.add(json.dumps(manifest).encode(), MANIFEST)
        platforms.append({**descriptor, "platform": {"os": "linux", "architecture": architecture}})
    index = layout.add(json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": platforms}).encode(), INDEX)
    layout.write("index.json", json.dumps({"schemaVersion": 2, "manifests": [index]}).encode())
    layout.write("oci-layout", b'{"imageLayoutVersion": "1.0.0"}')
    return ImageLayout(name, str(index["digest"]), tuple(layout.files))


class _Layout:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.files: list[LayoutFile] = []

    def add(self, content: bytes, media_type: str) -> dict[str, object]:
        """Stores a blob; returns its descriptor."""
        digest = hashlib.sha256(content).hexdigest()
        self.write(f"blobs/sha256/{digest}", content)
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(content)}

    def write(self, name: str, content: bytes) -> None:
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        self.files.append(LayoutFile(name, Digest(len(content), hashlib.sha256(content).hexdigest()), path))


_compressed = functools.cache(functools.partial(gzip.compress, mtime=0))


@functools.cache
def _tar(files: tuple[tuple[str, bytes], ...]) -> bytes:
    """What is below `bin/` can be run."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, content in files:
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            entry.mode = 0o755 if name.startswith("bin/") else 0o644
            tar.addfile(entry, io.BytesIO(content))
    return out.getvalue()
