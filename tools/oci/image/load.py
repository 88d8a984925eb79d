"""Puts an image into the local container engine, for the engine's own architecture: `bazel run //images:viberun.load`.

`docker load` reads no OCI layout before version 25, so the archive is docker's own format (image-spec v1.2, "Combined Image
JSON + Filesystem Changeset Format"), with the layers compressed as they are.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tools.archive import tar
from tools.oci.model import declaration


class LoadError(Exception):
    """The engine can't be used, or the image is not for it."""


def write(layout: Path, architecture: str, tags: list[str], out: tar.Writable) -> None:
    """Writes the archive that `docker load` takes.

    Raises:
        LoadError: the layout has no image for `architecture`.
    """
    index = _read(layout, _json(layout / "index.json")["manifests"][0])
    found = [entry for entry in index["manifests"] if entry["platform"]["architecture"] == architecture]
    if not found:
        raise LoadError(f"this image is not for {architecture}")
    manifest = _read(layout, found[0])
    config = _blob(layout, manifest["config"])
    layers = [_blob(layout, layer) for layer in manifest["layers"]]
    description = [
        {
            "Config": f"{config.name}.json",
            "RepoTags": tags,
            "Layers": [f"{layer.name}.tar.gz" for layer in layers],
        }
    ]
    entries = [tar.Entry("manifest.json", data=json.dumps(description).encode())]
    entries.append(tar.Entry(f"{config.name}.json", data=config.read_bytes()))
    entries += [tar.Entry(f"{layer.name}.tar.gz", data=layer.read_bytes()) for layer in layers]
    tar.write(entries, out)


def _blob(layout: Path, descriptor: dict[str, Any]) -> Path:
    return layout / "blobs" / str(descriptor["digest"]).replace(":", "/")


def _read(layout: Path, descriptor: dict[str, Any]) -> dict[str, Any]:
    return _json(_blob(layout, descriptor))


def _json(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text())
    return document


def _architecture() -> str:
    try:
        answer = subprocess.run(
            ["docker", "version", "--format", "{{.Server.Arch}}"], capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        raise LoadError("there is no docker on this machine") from None
    if answer.returncode:
        raise LoadError(f"the container engine does not answer: {answer.stderr.strip()}")
    return answer.stdout.strip()


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="load", description="Loads the image into the local container engine.")
    parser.add_argument("--layout", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--declaration", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--channel", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--tag", action="append", help="what to call it (default: the image's name, at its channel)")
    arguments = parser.parse_args(argv)
    runfiles = Path(os.environ["RUNFILES_DIR"])
    image = declaration.parse((runfiles / arguments.declaration).read_text())
    tags = arguments.tag or [f"{image.name}:{arguments.channel}"]
    try:
        architecture = _architecture()
        with subprocess.Popen(["docker", "load"], stdin=subprocess.PIPE) as engine:
            assert engine.stdin is not None
            write(runfiles / arguments.layout, architecture, tags, engine.stdin)
            engine.stdin.close()
            return engine.wait()
    except LoadError as error:
        print(f"load: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
