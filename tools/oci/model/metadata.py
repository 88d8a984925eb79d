"""Keeps what is known of a layer besides its blob: enough to write the configuration layer without opening the blob again."""

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.archive.tar import Entry
from tools.oci.model import control
from tools.oci.model.blob import Blob


@dataclass(frozen=True)
class ControlFile:
    mode: int
    text: str


@dataclass(frozen=True)
class Package:
    """An installed package as dpkg's database knows it; `paths` as packed, `sha256` of the .deb."""

    control: control.Paragraph
    control_files: dict[str, ControlFile]
    paths: tuple[str, ...]
    sha256: str
    conffiles: dict[str, str]

    @property
    def name(self) -> str:
        return self.control["Package"]


@dataclass(frozen=True)
class Component:
    """What is in a layer and comes from no Debian package."""

    name: str
    version: str
    purl: str


@dataclass(frozen=True)
class Metadata:
    """`entries` are without contents; `contents` holds those that configuration is made from, by path; `libraries` are the
    shared libraries in the loader's standard folders, path by soname; `mtime` is the newest of what packages brought."""

    layer: str
    architecture: str
    blob: Blob
    mtime: int
    entries: tuple[Entry, ...]
    contents: dict[str, bytes]
    packages: tuple[Package, ...]
    components: tuple[Component, ...]
    libraries: dict[str, str]

    def write(self, path: Path) -> None:
        document: dict[str, Any] = {
            "layer": self.layer,
            "architecture": self.architecture,
            "blob": dataclasses.asdict(self.blob),
            "mtime": self.mtime,
            "entries": [[e.path, e.kind, e.mode, e.link, e.uid, e.gid] for e in self.entries],
            "contents": {path: content.decode("latin-1") for path, content in self.contents.items()},
            "packages": [
                {
                    "control": package.control.fields,
                    "control_files": {name: [f.mode, f.text] for name, f in package.control_files.items()},
                    "paths": package.paths,
                    "sha256": package.sha256,
                    "conffiles": package.conffiles,
                }
                for package in self.packages
            ],
            "components": [dataclasses.asdict(component) for component in self.components],
            "libraries": self.libraries,
        }
        path.write_text(json.dumps(document, sort_keys=True, separators=(",", ":")) + "\n")


def read(path: Path) -> Metadata:
    """Reads what `Metadata.write` wrote."""
    document = json.loads(path.read_text())
    return Metadata(
        layer=document["layer"],
        architecture=document["architecture"],
        blob=Blob(**document["blob"]),
        mtime=document["mtime"],
        entries=tuple(
            Entry(path, kind, mode, link=link, uid=uid, gid=gid)
            for path, kind, mode, link, uid, gid in document["entries"]
        ),
        contents={path: content.encode("latin-1") for path, content in document["contents"].items()},
        packages=tuple(
            Package(
                control=control.Paragraph(tuple((key, value) for key, value in package["control"])),
                control_files={name: ControlFile(*values) for name, values in package["control_files"].items()},
                paths=tuple(package["paths"]),
                sha256=package["sha256"],
                conffiles=package["conffiles"],
            )
            for package in document["packages"]
        ),
        components=tuple(Component(**component) for component in document["components"]),
        libraries=document["libraries"],
    )
