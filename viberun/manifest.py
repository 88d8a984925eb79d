"""channel.json: one build's files and images, as build, driver, client and server all see them.

The model, its writer and its strict reader; `manifest.schema.json` says the same for other readers.
Nothing here fetches anything or knows where a channel is.

The rules of growth: a field may be added within a schema, as readers leave alone what they do not
know; any other change (a meaning, a kind, a field taken away) takes a new schema number, which a
reader refuses with the advice to update. No manifest has an entry for itself, since no file can
hold its own digest; the kind `manifest` is what the driver calls that file among a release's
assets, and what a manifest may call that of another build.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Literal, cast

from viberun.build import Build
from viberun.errors import ManifestError
from viberun.fields import Fields, Form, decode

SCHEMA = 1
NAME = "channel.json"

Kind = Literal["client", "server", "sums", "install", "npm", "wheel", "manifest"]

KINDS: tuple[Kind, ...] = ("client", "server", "sums", "install", "npm", "wheel", "manifest")
# What runs on a platform and so must name it; the other kinds must not.
PLATFORM_KINDS: tuple[Kind, ...] = ("client", "server")

# Below what JSON readers that calculate in doubles can tell apart.
MOST_BYTES = 2**53 - 1

_KIND = Form("|".join(KINDS), f"one of {', '.join(KINDS)}")
_HEX = "[0-9a-f]{64}"
_SHA256 = Form(_HEX, "64 lower-case hex digits")
_DIGEST = Form(f"sha256:{_HEX}", "sha256: and 64 lower-case hex digits")
_PLATFORM = Form("[a-z0-9]+-[a-z0-9]+", "of the form linux-amd64")
_FILE_NAME = Form(
    "[A-Za-z0-9][A-Za-z0-9._+-]{0,199}",
    "a file name of letters, digits and ._+- that begins with a letter or digit",
)
_FILES_AT = Form("([A-Za-z0-9][A-Za-z0-9._-]*/)*", "empty or a relative folder that ends with a slash")
_IMAGE_NAME = Form("[a-z0-9]+(-[a-z0-9]+)*", "lower-case words joined by hyphens")
_REF = Form(
    r"[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9]+([._-]+[a-z0-9]+)*)+:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}",
    "an image reference with registry and tag",
)


@dataclass(frozen=True)
class File:
    """A file of a build: `platform` is `linux-amd64` or the like, `size` in bytes, `sha256` hex."""

    name: str
    kind: Kind
    platform: str | None
    size: int
    sha256: str


@dataclass(frozen=True)
class Image:
    """An image of a build: `ref` moves along with the channel, `digest` of its index is for ever.

    `ref` is None in a build without a repository.
    """

    ref: str | None
    digest: str


@dataclass(frozen=True)
class Manifest:
    """What channel.json says.

    `files_at` is where the files lie beside the manifest: empty, or a folder and a slash. `images`
    goes by the image's name.
    """

    build: Build
    files_at: str
    files: tuple[File, ...]
    images: Mapping[str, Image]

    @property
    def name(self) -> str:
        """The manifest's own file name, that of this one build for ever."""
        return f"viberun-{self.build.version.oci}.json"

    @classmethod
    def parse(cls, text: str | bytes) -> Manifest:
        """Reads a manifest; raises ManifestError with every problem in it."""
        problems: list[str] = []
        try:
            top = Fields(decode(text), "", problems)
        except ValueError as error:
            raise ManifestError(NAME, [str(error)]) from None
        _check_schema(top)
        build = Build.read(top)
        files_at = top.text("files_at", _FILES_AT)
        files = tuple(_file(entry) for entry in top.each("files"))
        images = _images(top.fields("images"))
        _check_names(files, problems)
        if build is not None:
            manifest = cls(build, files_at, files, images)
            _check_agreement(manifest, problems)
            if not problems:
                return manifest
        raise ManifestError(NAME, problems)

    def to_json(self) -> str:
        """The text of channel.json, always the same bytes for the same manifest.

        Each file is an object on a line of its own, its keys in the model's order, so that POSIX sh
        can read it. Raises ManifestError where `parse` would: nobody writes what nobody reads.
        """
        build = self.build
        files = ",".join(f"\n    {json.dumps(asdict(file))}" for file in self.files)
        images = {name: asdict(image) for name, image in sorted(self.images.items())}
        text = (
            f'{{ "schema": {SCHEMA}, "channel": {json.dumps(build.channel)},'
            f' "repository": {json.dumps(build.repository)},\n'
            f'  "version": {json.dumps(build.version.semver)},\n'
            f'  "spellings": {json.dumps(build.version.spellings)},\n'
            f'  "commit": {json.dumps(build.commit)}, "committed": {json.dumps(build.committed)},'
            f' "files_at": {json.dumps(self.files_at)},\n'
            f'  "files": [{files}\n  ],\n'
            f'  "images": {json.dumps(images)} }}\n'
        )
        self.parse(text)
        return text


def _check_schema(top: Fields) -> None:
    """Stops at another schema: there the other fields may mean anything."""
    schema = top.integer("schema", 1, MOST_BYTES)
    if top.problems:
        raise ManifestError(NAME, top.problems)
    if schema != SCHEMA:
        raise ManifestError(
            NAME,
            [f"schema {schema} is not the one that this viberun reads, {SCHEMA}"],
            remedy="update viberun" if schema > SCHEMA else None,
        )


def _file(entry: Fields) -> File:
    """Reads one entry of `files`; what it returns is no good if there were problems."""
    before = len(entry.problems)
    name = entry.text("name", _FILE_NAME)
    kind = entry.text("kind", _KIND)
    platform = entry.text_or_null("platform", _PLATFORM)
    size = entry.integer("size", 1, MOST_BYTES)
    sha256 = entry.text("sha256", _SHA256)
    if entry.readable and len(entry.problems) == before and (kind in PLATFORM_KINDS) != (platform is not None):
        must = "name one" if platform is None else "be null"
        entry.report("platform", f"must {must} for the kind {kind}")
    return File(name, cast(Kind, kind), platform, size, sha256)


def _images(entries: Fields) -> dict[str, Image]:
    """Reads `images`; what it returns is no good if there were problems."""
    images = {}
    for name in entries.names():
        if not _IMAGE_NAME.fits(name):
            entries.problems.append(f"images: {name!a} is not {_IMAGE_NAME.meaning}")
            continue
        entry = entries.fields(name)
        images[name] = Image(entry.text_or_null("ref", _REF), entry.text("digest", _DIGEST))
    return images


def _check_names(files: tuple[File, ...], problems: list[str]) -> None:
    names = [file.name for file in files if file.name]
    for name in sorted({name for name in names if names.count(name) > 1}):
        problems.append(f"files: {name} stands {names.count(name)} times")


def _check_agreement(manifest: Manifest, problems: list[str]) -> None:
    for file in manifest.files:
        if file.name in (NAME, manifest.name):
            problems.append(f"files: {file.name} is this manifest, which can't list itself")
    repository = manifest.build.repository
    for name, image in manifest.images.items():
        if repository is None and image.ref is not None:
            problems.append(f"images.{name}.ref must be null, as repository is")
        if repository is not None and image.ref is None:
            problems.append(f"images.{name}.ref must not be null, as repository is {repository}")
