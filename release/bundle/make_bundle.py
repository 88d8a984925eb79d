"""Turns built products into the artifacts of one release: the build action behind `release_bundle`.

Bazel's outputs can't be called by the version, so products get their names here, on paper: bundle.json
says which output is which artifact. Nothing is copied.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from release.bundle import kinds
from release.bundle import model as bundle
from release.bundle.model import Artifact, ImageLayout, LayoutFile
from release.transport.content import digest_of
from viberun import channel
from viberun.build import Build
from viberun.manifest import KINDS, File, Image, Manifest


@dataclass(frozen=True)
class Output:
    """One of Bazel's outputs: this action finds it at `file`, the driver at `runfile`."""

    file: Path
    runfile: Path

    def __truediv__(self, name: str) -> "Output":
        return Output(self.file / name, self.runfile / name)


@dataclass(frozen=True)
class Product:
    """A built file and what it is, not yet what it is called."""

    kind: bundle.Kind
    platform: str | None
    output: Output


@dataclass(frozen=True)
class Request:
    """What Starlark asks for. `images` are OCI layouts by name; `sums` is a folder to write to."""

    version: Path
    products: tuple[Product, ...]
    images: Mapping[str, Output]
    manifest: Output
    bundle: Path
    sums: Output

    @staticmethod
    def of(fields: Mapping[str, Any]) -> "Request":
        products = tuple(Product(p["kind"], p["platform"], _output(p)) for p in fields["products"])
        return Request(
            Path(fields["version"]),
            products,
            {image["name"]: _output(image) for image in fields["images"]},
            _output(fields["manifest"]),
            Path(fields["bundle"]),
            _output(fields["sums"]),
        )


def make(request: Request) -> None:
    """Writes the sums, the manifest and the bundle. Raises ViberunError, OSError."""
    build = Build.from_json(request.version.read_bytes())
    named = [_named(p.kind, kinds.versioned(p.kind, build, p.platform), p) for p in request.products]
    downloads = [artifact for artifact in named if kinds.KINDS[artifact.kind].plain]
    named.append(_written("sums", kinds.versioned("sums", build), _sums_text(downloads), request.sums))
    named.sort(key=lambda a: (KINDS.index(a.kind), a.platform or ""))
    images = tuple(_layout(name, output) for name, output in sorted(request.images.items()))

    text = _manifest(build, named, images).to_json()
    request.manifest.file.write_text(text)
    manifest = Product("manifest", None, request.manifest)
    named.append(_named("manifest", Manifest.parse(text).name, manifest))
    if build.channel == "prod":
        named += _plain(request)
    request.bundle.write_text(bundle.to_json(tuple(named), images))


def _manifest(build: Build, named: Sequence[Artifact], images: Sequence[ImageLayout]) -> Manifest:
    files = tuple(File(a.name, a.kind, a.platform, a.digest.size, a.digest.sha256) for a in named if a.kind != "plain")
    refs = channel.defaults(build.channel, build)
    return Manifest(
        build,
        "",
        files,
        {i.name: Image(refs.get(channel.IMAGES[i.name]), i.digest) for i in images},
    )


def _plain(request: Request) -> list[Artifact]:
    """Makes the second names, with a `.sha256` beside each; install.sh needs none, it is piped to sh."""
    found = []
    for product in request.products:
        name = kinds.plain(product.kind, product.platform)
        if name is None:
            continue
        artifact = _named("plain", name, product)
        found.append(artifact)
        if product.platform:
            found.append(_written("plain", f"{name}.sha256", _sums_text([artifact]), request.sums))
    return found


def _named(kind: bundle.Kind, name: str, product: Product) -> Artifact:
    digest = digest_of(product.output.file)
    platform = product.platform if kind != "plain" else None
    return Artifact(name, kind, platform, digest, product.output.runfile)


def _written(kind: bundle.Kind, name: str, text: str, folder: Output) -> Artifact:
    output = folder / name
    output.file.write_text(text)
    return _named(kind, name, Product(kind, None, output))


def _sums_text(artifacts: Sequence[Artifact]) -> str:
    """Writes lines that `sha256sum -c` reads."""
    return "".join(f"{a.digest.sha256}  {a.name}\n" for a in sorted(artifacts, key=lambda a: a.name))


def _layout(name: str, output: Output) -> ImageLayout:
    """Reads an OCI layout (image-spec, image-layout.md), whose index.json names one image index."""
    index = json.loads((output / "index.json").file.read_bytes())
    (image,) = index["manifests"]
    paths = sorted(path for path in output.file.rglob("*") if path.is_file())
    files = tuple(
        LayoutFile(below, digest_of(output.file / below), output.runfile / below)
        for below in (path.relative_to(output.file).as_posix() for path in paths)
    )
    return ImageLayout(name, image["digest"], files)


def _output(fields: Mapping[str, str]) -> Output:
    return Output(Path(fields["file"]), Path(fields["runfile"]))


def main(request: dict[str, Any]) -> None:
    make(Request.of(request))
