"""Reads an OCI image layout into one merged file system per architecture, the way a container engine would unpack it."""

import functools
import gzip
import json
import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from tools.archive import tar
from tools.archive.tar import Entry

ARCHITECTURES = ("amd64", "arm64")


@dataclass(frozen=True)
class Image:
    """One architecture's image: its configuration, and its entries by path without leading slash, and when they are from."""

    architecture: str
    manifest: dict[str, Any]
    config: dict[str, Any]
    entries: dict[str, Entry]
    times: dict[str, int]

    def content(self, path: str) -> bytes:
        """The bytes of the file that a path leads to, links followed."""
        resolved = self.resolve(path)
        assert resolved is not None, f"/{path} leads nowhere"
        entry = self.entries[resolved]
        return bytes(self.entries[entry.link].data if entry.kind == "hardlink" else entry.data)

    def resolve(self, path: str) -> str | None:
        """Where a path leads, links of folders and files followed; None where it leads nowhere."""
        resolved: list[str] = []
        parts = list(PurePosixPath(path).parts)
        for _ in range(200):
            if not parts:
                return "/".join(resolved)
            part = parts.pop(0)
            if part in ("/", "."):
                continue
            if part == "..":
                resolved = resolved[:-1]
                continue
            entry = self.entries.get("/".join([*resolved, part]))
            if entry is None:
                return None
            if entry.kind == "symlink":
                target = PurePosixPath(entry.link)
                resolved = [] if target.is_absolute() else resolved
                parts = [*(p for p in target.parts if p != "/"), *parts]
            else:
                resolved.append(part)
        raise AssertionError(f"/{path}: links in a circle")


def blob(layout: Path, digest: str) -> bytes:
    return (layout / "blobs" / digest.replace(":", "/")).read_bytes()


def index(layout: Path) -> dict[str, Any]:
    """The image's index."""
    entry = json.loads((layout / "index.json").read_text())
    document: dict[str, Any] = json.loads(blob(layout, entry["manifests"][0]["digest"]))
    return document


@functools.lru_cache(maxsize=4)
def read(layout: Path, architecture: str) -> Image:
    """One architecture's image; read once, since it takes a second."""
    (descriptor,) = [d for d in index(layout)["manifests"] if d["platform"]["architecture"] == architecture]
    manifest = json.loads(blob(layout, descriptor["digest"]))
    entries: dict[str, Entry] = {}
    times: dict[str, int] = {}
    for layer in manifest["layers"]:
        for member in tar.members(gzip.decompress(blob(layout, layer["digest"]))):
            path = member.entry.path
            name = path.rpartition("/")[2]
            assert not name.startswith(".wh."), f"{path}: a layer takes something away"
            below = entries.get(path)
            assert below is None or below == member.entry, f"{path}: stands in two layers and differs"
            entries[path] = member.entry
            times[path] = member.mtime
    return Image(architecture, manifest, json.loads(blob(layout, manifest["config"]["digest"])), entries, times)


def unpack(image: Image, root: Path) -> None:
    """Writes the file system below `root`, modes, owners and times included: for a chroot. Needs root's rights."""
    for path in sorted(image.entries):
        write(image.entries[path], root / path, root)
    for path, entry in image.entries.items():
        if entry.kind != "symlink":
            (root / path).chmod(entry.mode)
            os.utime(root / path, (image.times[path], image.times[path]))


def write(entry: Entry, target: Path, root: Path) -> None:
    if entry.kind == "directory":
        target.mkdir()
    elif entry.kind == "symlink":
        target.symlink_to(entry.link)
    elif entry.kind == "hardlink":
        target.hardlink_to(root / entry.link)
    else:
        target.write_bytes(entry.data)
    os.chown(target, entry.uid, entry.gid, follow_symlinks=False)
