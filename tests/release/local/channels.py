"""What the tests of the local channel share: releasing to a folder, and looking at all of it."""

import hashlib
import io
from pathlib import Path

from release.bundle.model import Bundle
from release.destinations.local.destination import LocalChannel
from release.driver import steps as driver
from release.driver.progress import Progress, Style
from viberun.manifest import Manifest

Content = dict[str, str]
"""The sha256 of every file, by its path."""


def release(bundle: Bundle, out: Path) -> bool:
    progress = Progress(io.StringIO(), Style(quiet=True), lambda: 0.0)
    local = LocalChannel(out, "linux-amd64")
    return driver.release(bundle, [local], progress, dry_run=False).changed


def content(folder: Path) -> Content:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def read_as_client(channel: Path) -> Manifest:
    """Resolves the folder once, then the manifest, then everything that it names.

    Raises AssertionError or OSError where the channel is not whole.
    """
    folder = channel.resolve(strict=True)
    manifest = Manifest.parse((folder / "channel.json").read_bytes())
    for file in manifest.files:
        place = {"npm": "npm/", "wheel": "pypi/"}.get(file.kind, manifest.files_at)
        data = (folder / place / file.name).read_bytes()
        assert hashlib.sha256(data).hexdigest() == file.sha256, file.name
    return manifest
