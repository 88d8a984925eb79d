import gzip
import json
import os
from pathlib import Path
from typing import Any

from tools.archive import tar

LAYOUT = Path(os.environ["LAYOUT"])


def blob(descriptor: dict[str, Any]) -> bytes:
    algorithm, _, digits = str(descriptor["digest"]).partition(":")
    return (LAYOUT / "blobs" / algorithm / digits).read_bytes()


def test_the_example_is_an_image_of_three_layers() -> None:
    index = json.loads(blob(json.loads((LAYOUT / "index.json").read_text())["manifests"][0]))
    (descriptor,) = index["manifests"]
    assert descriptor["platform"] == {"architecture": "amd64", "os": "linux"}
    manifest = json.loads(blob(descriptor))
    base, configuration, release = (
        {member.entry.path: bytes(member.entry.data) for member in tar.members(gzip.decompress(blob(layer)))}
        for layer in manifest["layers"]
    )
    assert b"application/json" in base["etc/mime.types"]
    assert configuration["etc/motd"] == b"Hello.\n"
    assert release["usr/bin/hello"].startswith(b"#!/bin/sh\n")
    assert json.loads(release["usr/share/viberun/version.json"])["version"] == "0.0.0-dev.20260125123045+abc1234"
