"""Makes the configuration layer: everything that maintainer scripts and triggers would have left, written as data.

Reads what is known of the layers below it, never their blobs, and is where an image as a whole is checked: no conflict
between layers, nothing below what is no folder, nobody's rights but those that image.json grants.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tools.archive.tar import Entry
from tools.oci.configuration import accounts, alternatives, apt, certificates, dpkg, loader_cache, pam, skeleton
from tools.oci.model import blob, declaration, installed, metadata, privileges
from tools.oci.model.declaration import Declaration
from tools.oci.model.installed import Installed
from tools.oci.model.metadata import Metadata
from tools.oci.model.rootfs import ConflictError, Tree, describe

NAME = "configuration"
_LEVEL = 6


@dataclass(frozen=True)
class DebianRelease:
    """Debian's release that the packages are from: its codename, and the moment of the snapshot archive that has them all."""

    codename: str
    snapshot: str


def make(image: Declaration, below: Installed, release: DebianRelease, out: Path) -> Metadata:
    """Writes the layer's blob to `out` and returns what it holds.

    Raises:
        ConflictError: what would be written stands in a layer below, as something else than the same folder.
        PrivilegeError: see tools/oci/model/privileges.py.
    """
    tree = Tree()
    for entry in entries(image, below, release):
        present = below.entries.get(entry.path)
        if present is None:
            tree.add(entry, NAME)
        elif entry.kind != "directory" or present != entry:
            raise ConflictError(f"/{entry.path}: {describe(present)} below, {describe(entry)} by {NAME}")
    tree.add_parents(below.entries)
    privileges.require_listed(image.privileged, [*below.entries.values(), *tree])
    packed = tree.packed()
    return Metadata(
        layer=NAME,
        architecture=below.architecture,
        blob=blob.write(packed, below.mtime, out, _LEVEL),
        mtime=below.mtime,
        entries=tuple(replace(entry, data=b"") for entry in packed),
        contents={},
        packages=(),
        components=(),
        libraries={},
    )


def entries(image: Declaration, below: Installed, release: DebianRelease) -> list[Entry]:
    """Returns every entry of the layer, parents not included."""
    return [
        *skeleton.files(below),
        *accounts.files(below, image.users, image.groups),
        *pam.files(below),
        *certificates.files(below),
        *alternatives.files(below, image.alternatives),
        *apt.files(below, release.codename, release.snapshot),
        *dpkg.files(below, image.documentation, image.diversions),
        *_declared(image),
        Entry("etc/ld.so.cache", data=loader_cache.write(below.libraries, below.architecture)),
    ]


def _declared(image: Declaration) -> Iterable[Entry]:
    for folder in image.directories:
        yield Entry(folder.path[1:], "directory", int(folder.mode, 8), uid=folder.uid, gid=folder.gid)
    for link in image.links:
        yield Entry(link.path[1:], "symlink", 0o777, link=link.target)
    for text in image.texts:
        yield Entry(text.path[1:], mode=int(text.mode, 8), data="".join(f"{line}\n" for line in text.lines).encode())


def main(request: dict[str, Any]) -> None:
    image = declaration.parse(Path(request["declaration"]).read_text())
    below = installed.merge(metadata.read(Path(path)) for path in request["layers"])
    lock = json.loads(Path(request["lock"]).read_text())
    release = DebianRelease(lock["codename"], lock["snapshot"])
    make(image, below, release, Path(request["blob"])).write(Path(request["metadata"]))
