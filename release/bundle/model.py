"""What the build hands to the driver: every artifact of one release, under its real name.

`//release:bundle_dev` and `//release:bundle_prod` write it as `bundle.json` (`release.bundle.make_bundle`),
and the driver knows nothing else of what was built. Paths in the file are below the runfiles' root.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from release.bundle import kinds
from release.transport.content import Digest
from viberun import manifest
from viberun.errors import ViberunError
from viberun.manifest import Manifest

Kind = manifest.Kind | Literal["plain"]
"""`plain` is a second name without the version, which only a prod release has."""


class BundleError(ViberunError):
    """A bundle that this driver cannot read."""


@dataclass(frozen=True)
class Artifact:
    """One file of the release. `platform` is `linux-amd64` and the like, where there is one."""

    name: str
    kind: Kind
    platform: str | None
    digest: Digest
    path: Path


@dataclass(frozen=True)
class LayoutFile:
    """One file of an OCI layout; `name` is its path in the layout, mostly `blobs/sha256/…`."""

    name: str
    digest: Digest
    path: Path


@dataclass(frozen=True)
class ImageLayout:
    """An image as an OCI layout; `digest` is that of its index, with `sha256:` in front."""

    name: str
    digest: str
    files: tuple[LayoutFile, ...]


@dataclass(frozen=True)
class Bundle:
    """The whole release. The manifest is the one for GitHub: the files lie beside it."""

    manifest: Manifest
    artifacts: tuple[Artifact, ...]
    images: tuple[ImageLayout, ...]

    @property
    def assets(self) -> tuple[Artifact, ...]:
        """What lies on the GitHub release under names that never move."""
        return tuple(a for a in self.artifacts if kinds.folder(a.kind) == kinds.ASSETS)

    def artifact(self, kind: Kind, platform: str | None = None) -> Artifact | None:
        """Returns the artifact of that kind, and for that platform where the kind has several."""
        for artifact in self.artifacts:
            if (artifact.kind, artifact.platform) == (kind, platform):
                return artifact
        return None


def to_json(artifacts: tuple[Artifact, ...], images: tuple[ImageLayout, ...]) -> str:
    """Writes bundle.json; `manifest` is among the artifacts, so it isn't repeated."""
    fields = {"artifacts": [asdict(a) for a in artifacts], "images": [asdict(i) for i in images]}
    return json.dumps(fields, indent=1, default=Path.as_posix) + "\n"


def read(bundle_json: Path, root: Path) -> Bundle:
    """Reads the bundle whose files lie below `root`, and its manifest.

    What the other files hold is not looked at: whoever copies them compares digests. Raises
    BundleError and ManifestError.
    """
    try:
        fields = json.loads(bundle_json.read_bytes())
        artifacts = tuple(_file(Artifact, entry, root) for entry in fields["artifacts"])
        images = tuple(_image(entry, root) for entry in fields["images"])
        (text,) = (a.path.read_bytes() for a in artifacts if a.kind == "manifest")
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise BundleError(
            f"{bundle_json} is no release bundle ({type(error).__name__}: {error})",
            remedy="build it again with Bazel",
        ) from error
    return Bundle(Manifest.parse(text), artifacts, images)


def _image(entry: Mapping[str, Any], root: Path) -> ImageLayout:
    files = tuple(_file(LayoutFile, file, root) for file in entry["files"])
    return ImageLayout(entry["name"], entry["digest"], files)


def _file[T](make: Callable[..., T], entry: Mapping[str, Any], root: Path) -> T:
    return make(**{**entry, "digest": Digest(**entry["digest"]), "path": root / entry["path"]})
