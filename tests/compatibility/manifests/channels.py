"""A channel in a folder that says what one of the manifests here says, with the files of that build."""

from __future__ import annotations

import hashlib
from pathlib import Path

from tests.compatibility.manifests.manifest import MANIFEST
from tests.unit.viberun.client.hosts import archive, server_script
from viberun.version import Version

# Of another time, so that the build is later than any that is tried here.
_LATER = {"20260125123045": "20990125123045", "2026-01-25T12:30:45Z": "2099-01-25T12:30:45Z"}


def make_channel(folder: Path, manifest: Path, *, later: bool = False) -> Version:
    """Writes channel.json, a client and a server for linux-amd64; returns the version that it stands at."""
    text, version = manifest.read_text(), MANIFEST.build.version.semver
    for before, after in _LATER.items() if later else ():
        text, version = text.replace(before, after), version.replace(before, after)
    at = Version.parse(version)
    for kind, name, script in (("a", "viberun", client_script(at)), ("b", "viberun-server", server_script(at))):
        content = archive(script, name)
        announced = next(str(file.size) for file in MANIFEST.files if file.sha256 == kind * 64)
        text = text.replace(kind * 64, hashlib.sha256(content).hexdigest()).replace(announced, str(len(content)))
        (folder / f"{name}-{at.oci}-linux-amd64.tar.gz").write_bytes(content)
    (folder / "channel.json").write_text(text)
    return at


def client_script(version: Version) -> str:
    return f"#!/bin/sh\necho {version}\n"
