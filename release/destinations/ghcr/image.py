"""An image as the registry will have it: manifests and the blobs that they name (OCI image specification 1.1)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from release.bundle.model import ImageLayout
from viberun.errors import ViberunError

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
_DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
ACCEPTED = (INDEX, MANIFEST, _DOCKER_LIST, _DOCKER_MANIFEST)
INDEXES = (INDEX, _DOCKER_LIST)


class ImageError(ViberunError):
    """A layout that is not one of an image."""


@dataclass(frozen=True)
class Blob:
    """A layer or a configuration; `digest` with the algorithm in front."""

    digest: str
    size: int
    content: Path | bytes


@dataclass(frozen=True)
class ImageManifest:
    """A manifest or index, byte for byte."""

    digest: str
    media_type: str
    content: bytes


@dataclass(frozen=True)
class Image:
    """`manifests` are in the order in which a registry takes them: what is named comes first, the index last."""

    name: str
    manifests: tuple[ImageManifest, ...]
    blobs: tuple[Blob, ...]

    @property
    def index(self) -> ImageManifest:
        return self.manifests[-1]

    @property
    def size(self) -> int:
        return sum(blob.size for blob in self.blobs)


def read(layout: ImageLayout) -> Image:
    """Reads the image whose index the layout names. Raises ImageError where something is missing."""
    files = {f"sha256:{file.digest.sha256}": file for file in layout.files}
    manifests: dict[str, ImageManifest] = {}
    blobs: dict[str, Blob] = {}

    def visit(digest: str) -> None:
        content = _content(layout, files[digest].path) if digest in files else None
        if content is None:
            raise ImageError(f"the layout of {layout.name} lacks {digest}")
        fields = _fields(layout, digest, content)
        children = fields.get("manifests")
        for child in children or ():
            visit(child["digest"])
        for blob in () if children is not None else (fields["config"], *fields["layers"]):
            file = files.get(blob["digest"])
            if file is None or file.digest.size != blob["size"]:
                raise ImageError(f"the layout of {layout.name} lacks {blob['digest']} of {blob['size']} bytes")
            blobs[blob["digest"]] = Blob(blob["digest"], blob["size"], file.path)
        media_type = fields.get("mediaType") or (MANIFEST if children is None else INDEX)
        manifests[digest] = ImageManifest(digest, media_type, content)

    visit(layout.digest)
    return Image(layout.name, tuple(manifests.values()), tuple(sorted(blobs.values(), key=lambda blob: -blob.size)))


def _content(layout: ImageLayout, path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ImageError(f"the layout of {layout.name} can't be read: {error}") from error


def _fields(layout: ImageLayout, digest: str, content: bytes) -> Mapping[str, Any]:
    try:
        fields = json.loads(content)
        complete = "manifests" in fields or {"config", "layers"} <= fields.keys()
    except (ValueError, TypeError, AttributeError):
        complete = False
    if not complete:
        raise ImageError(f"{digest} of {layout.name} is neither an index nor a manifest")
    return dict[str, Any](fields)
