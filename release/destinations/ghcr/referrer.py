"""The signature of a build at its images: a referrer of each index, as cosign looks for it.

https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md (`subject`), and the fall-back tag of the distribution
specification 1.1 (Referrers Tag Schema), since not every registry has the API of referrers.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from release.destinations.ghcr.image import INDEX, MANIFEST, Blob, ImageError, ImageManifest

_BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
_EMPTY, _NOTHING = "application/vnd.oci.empty.v1+json", b"{}"
_ANNOTATIONS = {
    "dev.sigstore.bundle.content": "dsse-envelope",
    "dev.sigstore.bundle.predicateType": "https://slsa.dev/provenance/v1",
}


@dataclass(frozen=True)
class Referrer:
    """A manifest that is about another one, its `subject`, and the blobs that it names."""

    subject: str
    manifest: ImageManifest
    blobs: tuple[Blob, ...]

    @staticmethod
    def of(signature: bytes, subject: ImageManifest) -> "Referrer":
        blobs = tuple(Blob(_digest(content), len(content), content) for content in (_NOTHING, signature))
        config, layer = (
            _descriptor(kind, blob.digest, blob.size) for kind, blob in zip((_EMPTY, _BUNDLE), blobs, strict=True)
        )
        fields = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "artifactType": _BUNDLE,
            "config": config,
            "layers": [layer],
            "subject": _descriptor(subject.media_type, subject.digest, len(subject.content)),
            "annotations": _ANNOTATIONS,
        }
        content = json.dumps(fields).encode()
        return Referrer(subject.digest, ImageManifest(_digest(content), MANIFEST, content), blobs)

    @property
    def tag(self) -> str:
        """The tag of the index of all that is about the subject."""
        return self.subject.replace(":", "-")

    def is_in(self, there: ImageManifest | None) -> bool:
        return any(each["digest"] == self.manifest.digest for each in _listed(there))

    def added_to(self, there: ImageManifest | None) -> ImageManifest:
        """Returns that index with this one in it, and all else that is there."""
        own = _descriptor(MANIFEST, self.manifest.digest, len(self.manifest.content))
        listed = [*_listed(there), {**own, "artifactType": _BUNDLE, "annotations": _ANNOTATIONS}]
        content = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": listed}).encode()
        return ImageManifest(_digest(content), INDEX, content)


def _listed(index: ImageManifest | None) -> list[Mapping[str, Any]]:
    """Raises ImageError for what is no index: somebody else has the tag."""
    if index is None:
        return []
    try:
        listed = [(entry, str(entry["digest"])) for entry in json.loads(index.content)["manifests"]]
    except (ValueError, LookupError, TypeError) as error:
        raise ImageError(f"what lists an image's signatures can't be read ({type(error).__name__}: {error})") from error
    return [entry for entry, _ in listed]


def _descriptor(media_type: str, digest: str, size: int) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": digest, "size": size}


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
