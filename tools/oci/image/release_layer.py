"""Makes the last layer: the release's own files, the version, the bill of materials, and the client's binary.

The only layer that changes when viberun does, and so the only one that carries a version.
"""

from dataclasses import dataclass
from pathlib import Path

from tools.archive.tar import Entry
from tools.oci.model import blob, privileges
from tools.oci.model.blob import Blob
from tools.oci.model.declaration import Declaration
from tools.oci.model.installed import Installed
from tools.oci.model.rootfs import ConflictError, Tree, describe

NAME = "release"
VERSION = "usr/share/viberun/version.json"
SBOM = "usr/share/viberun/sbom.cdx.json"
BINARY = "usr/local/bin/viberun"

# Fast, since this is made for every commit; most of it is a compressed binary.
_LEVEL = 1


@dataclass(frozen=True)
class Content:
    """What goes in: files of the repository by the path that image.json gives them, texts, and the binary if there is one."""

    sources: dict[str, Path]
    version: str
    sbom: str
    binary: Path | None


def make(image: Declaration, below: Installed, content: Content, out: Path) -> Blob:
    """Writes the layer to `out`. `below` includes the configuration layer.

    Raises:
        ConflictError: a file of the release stands in a layer below.
        PrivilegeError: a file of the release would be setuid or setgid.
    """
    tree = Tree()
    for entry in _entries(image, content):
        if entry.path in below.entries:
            raise ConflictError(
                f"/{entry.path}: {describe(below.entries[entry.path])} below, and a file of the release"
            )
        tree.add(entry, NAME)
    privileges.require_listed((), tree)
    tree.add_parents(below.entries)
    return blob.write(tree.packed(), below.mtime, out, _LEVEL)


def _entries(image: Declaration, content: Content) -> list[Entry]:
    entries = [
        Entry(file.path[1:], mode=int(file.mode, 8), data=content.sources[file.source].read_bytes())
        for file in image.files
    ]
    entries.append(Entry(VERSION, data=content.version.encode()))
    entries.append(Entry(SBOM, data=content.sbom.encode()))
    if content.binary is not None:
        entries.append(Entry(BINARY, mode=0o755, data=content.binary.read_bytes()))
    return entries
