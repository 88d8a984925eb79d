"""Releases as the build made them, and their publication on the places that the tests serve."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.host.registry import Registry
from tests.e2e.host.sites import Site
from tests.sigstore.editions import signature, signature_name

REPOSITORY = "example/viberun"
DOWNLOADS = f"/{REPOSITORY}/releases/download"
# Where the newest of each channel is looked for.
PLACES = {"dev": f"{DOWNLOADS}/dev", "prod": f"/{REPOSITORY}/releases/latest/download"}
_MOVING = {"dev": "dev", "prod": "latest"}


@dataclass(frozen=True)
class Release:
    """`manifest` is what channel.json says, `files` are its assets, `images` the OCI layouts by name."""

    manifest: dict[str, Any]
    files: dict[str, Path]
    images: dict[str, Path]

    @property
    def version(self) -> str:
        return str(self.manifest["version"])

    @property
    def oci(self) -> str:
        return str(self.manifest["spellings"]["oci"])

    @property
    def channel(self) -> str:
        return str(self.manifest["channel"])

    def file(self, kind: str) -> Path:
        """The artifact of that kind for linux-amd64."""
        (name,) = [f["name"] for f in self.manifest["files"] if (f["kind"], f["platform"]) == (kind, "linux-amd64")]
        return self.files[name]

    def digest(self, image: str) -> str:
        return str(self.manifest["images"][image]["digest"])

    def of(self, files: Sequence[Mapping[str, Any]]) -> dict[str, bytes]:
        """What would be served had it been released with these files: the manifest and its signature, by how their names end."""
        manifest = json.dumps({**self.manifest, "files": files}).encode()
        return {".json": manifest, ".jsonl": signature(manifest)}

    def stage(self, site: Site) -> None:
        """Puts the files up under their own names, with the signature, where nobody finds them yet."""
        manifest = self.files[f"viberun-{self.oci}.json"].read_bytes()
        files: dict[str, bytes | Path] = {**self.files, signature_name(manifest): signature(manifest)}
        places = [PLACES[self.channel]]
        if self.channel == "prod":
            places.append(f"{DOWNLOADS}/v{self.version}")
        for place in places:
            site.files.update({f"{place}/{name}": content for name, content in files.items()})

    def push(self, registry: Registry, place: str) -> None:
        """Pushes the images under the version's own tag."""
        for name, layout in self.images.items():
            registry.push(place, layout, f"{REPOSITORY}/{name}", (self.oci,))

    def promote(self, site: Site, registry: Registry, place: str) -> None:
        """Makes it what its channel stands at."""
        for name, layout in self.images.items():
            registry.push(place, layout, f"{REPOSITORY}/{name}", (_MOVING[self.channel],))
        site.files[f"{PLACES[self.channel]}/channel.json"] = self.files[f"viberun-{self.oci}.json"].read_bytes()


def read(variable: str) -> Release:
    """The release whose bundle.json an environment variable names."""
    path = os.environ.get(variable)
    assert path, f"{variable} must name the bundle.json of a release"
    bundle = json.loads(Path(path).read_text())
    root = _runfiles(Path(path), bundle["artifacts"][0]["path"])
    files = {artifact["name"]: root / artifact["path"] for artifact in bundle["artifacts"]}
    layouts = {}
    for image in bundle["images"]:
        index = next(file["path"] for file in image["files"] if file["name"] == "index.json")
        layouts[image["name"]] = (root / index).parent
    (manifest,) = [a["name"] for a in bundle["artifacts"] if a["kind"] == "manifest"]
    return Release(json.loads(files[manifest].read_text()), files, layouts)


def _runfiles(bundle: Path, below: str) -> Path:
    """The folder that paths in a bundle are below: the one above it that has `below`."""
    found = [folder for folder in bundle.absolute().parents if (folder / below).exists()]
    assert found, f"{below} is not beside {bundle}"
    return found[0]
