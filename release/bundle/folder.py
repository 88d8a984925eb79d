"""A release folder: what `//release:dev --out` makes, read back as the bundle that it was made from, every byte checked.

    channel.json   the manifest, with `files_at` set to `github/`
    github/        what the GitHub release holds, its own channel.json included
    npm/ pypi/     the packages, under the names that the registries give them
    images/        an OCI layout each

Whatever a folder has beyond that, lacks of it, or names otherwise is a problem, and a link is none of ours.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from release.bundle import kinds
from release.bundle.model import Artifact, Bundle, ImageLayout, Kind, LayoutFile
from release.transport.content import Digest, digest_of
from viberun import manifest
from viberun.errors import InvalidError, ManifestError
from viberun.manifest import Manifest

_LARGEST_MANIFEST = 4 << 20
"""What a registry takes at least (distribution-spec, Pushing Manifests)."""


class FolderError(InvalidError):
    """A folder that is no release, or not the one that it says it is."""


def manifests(beside: Manifest) -> Mapping[str, bytes]:
    """Returns the two manifests of a folder by their paths: for the folder, and for the GitHub release."""
    above = replace(beside, files_at=kinds.ASSETS)
    return {manifest.NAME: above.to_json().encode(), kinds.ASSETS + manifest.NAME: beside.to_json().encode()}


def place(artifact: Artifact) -> str:
    """Returns the artifact's path in the folder."""
    return kinds.folder(artifact.kind) + artifact.name


def read(folder: Path) -> Bundle:
    """Reads and checks the whole folder, which may be reached by a link. Raises FolderError with every problem."""
    root = folder.resolve()
    reader = _Reader(root)
    try:
        above = Manifest.parse((root / manifest.NAME).read_bytes())
        bundle = reader.bundle(replace(above, files_at=""))
    except (OSError, ManifestError) as error:
        raise FolderError(f"{folder} is no release folder", [str(error)]) from error
    if problems := [*reader.problems, *reader.unlisted()]:
        raise FolderError(f"{folder} is not the release {above.build.version}", problems, remedy="make it again")
    return bundle


class _Reader:
    """Notes what is wrong, and which files it has asked for."""

    def __init__(self, root: Path) -> None:
        self.problems: list[str] = []
        self._root = root
        self._there = {
            str(path.relative_to(root)) for path in root.rglob("*") if path.is_symlink() or not path.is_dir()
        }
        self._asked: dict[str, Digest | None] = {}

    def bundle(self, beside: Manifest) -> Bundle:
        artifacts = [*self._files(beside), *self._written(beside)]
        if beside.build.channel == "prod":
            artifacts += [*self._plain([each for each in artifacts if each.kind in kinds.KINDS])]
        images = tuple(self._image(name, image.digest) for name, image in sorted(beside.images.items()))
        return Bundle(beside, tuple(artifacts), images)

    def unlisted(self) -> Iterator[str]:
        return (f"{path} does not belong to it" for path in sorted(self._there - self._asked.keys()))

    def _files(self, beside: Manifest) -> Iterator[Artifact]:
        for file in beside.files:
            if file.kind in kinds.KINDS and file.name == kinds.versioned(file.kind, beside.build, file.platform):
                path = kinds.folder(file.kind) + file.name
                yield self._artifact(path, file.kind, file.platform, Digest(file.size, file.sha256))
            else:
                self.problems.append(f"{file.name} is no name of a {file.kind} of {beside.build.version}")

    def _written(self, beside: Manifest) -> Iterator[Artifact]:
        """Compares what the build wrote of itself: the sums, and the manifest under its three names."""
        downloads = [file for file in beside.files if file.kind in kinds.KINDS and kinds.KINDS[file.kind].plain]
        sums = "".join(f"{file.sha256}  {file.name}\n" for file in sorted(downloads, key=lambda file: file.name))
        self._check(kinds.ASSETS + kinds.versioned("sums", beside.build), digest_of(sums.encode()))
        for path, content in manifests(beside).items():
            self._check(path, digest_of(content))
        yield self._artifact(kinds.ASSETS + beside.name, "manifest", None, digest_of(beside.to_json().encode()))

    def _plain(self, artifacts: Sequence[Artifact]) -> Iterator[Artifact]:
        for artifact in artifacts:
            if name := kinds.plain(artifact.kind, artifact.platform):
                yield self._artifact(kinds.ASSETS + name, "plain", None, artifact.digest)
                if artifact.platform:
                    line = digest_of(f"{artifact.digest.sha256}  {name}\n".encode())
                    yield self._artifact(f"{kinds.ASSETS}{name}.sha256", "plain", None, line)

    def _image(self, name: str, digest: str) -> ImageLayout:
        """Walks an OCI layout (image-spec, image-layout.md) by digest, from the one that the manifest names."""
        layout, files = f"images/{name}/", dict[str, LayoutFile]()

        def take(below: str, sha256: str | None) -> Mapping[str, Any]:
            there = self._digest(layout + below)
            if there is None:
                return {}
            if sha256 not in (None, there.sha256):
                self.problems.append(f"{layout}{below} has sha256 {there.sha256}")
            files[below] = LayoutFile(below, there, self._root / layout / below)
            return _fields(files[below].path) if there.size < _LARGEST_MANIFEST else {}

        def visit(digest: str) -> None:
            sha256 = digest.removeprefix("sha256:")
            if layout + (below := f"blobs/sha256/{sha256}") not in self._asked:
                fields = take(below, sha256)
                for named in (*fields.get("manifests", ()), *fields.get("layers", ()), fields.get("config")):
                    if isinstance(named, dict) and "digest" in named:  # a configuration has a `config` too
                        visit(named["digest"])

        take("oci-layout", None)
        top = [named["digest"] for named in take("index.json", None).get("manifests", ())]
        if top != [digest]:
            self.problems.append(f"{layout}index.json names {' and '.join(top) or 'nothing'}, not {digest}")
        visit(digest)
        return ImageLayout(name, digest, tuple(files[below] for below in sorted(files)))

    def _artifact(self, path: str, kind: Kind, platform: str | None, digest: Digest) -> Artifact:
        self._check(path, digest)
        return Artifact(path.rpartition("/")[2], kind, platform, digest, self._root / path)

    def _check(self, path: str, wanted: Digest) -> None:
        there = self._digest(path)
        if there not in (None, wanted):
            self.problems.append(f"{path} is not the file that the release has under that name")

    def _digest(self, path: str) -> Digest | None:
        """Returns that of a file, whose absence is a problem, as is a link."""
        if path not in self._asked:
            file = self._root / path
            plain = path in self._there and file.is_file() and not file.is_symlink()
            self._asked[path] = digest_of(file) if plain else None
            if not plain:
                self.problems.append(f"{path} is {'no plain file' if path in self._there else 'missing'}")
        return self._asked[path]


def _fields(path: Path) -> Mapping[str, Any]:
    """Returns what an index or manifest says, nothing for any other blob."""
    try:
        fields = json.loads(path.read_bytes())
    except ValueError:
        return {}
    return fields if isinstance(fields, dict) else {}
