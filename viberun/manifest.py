"""Reads and writes channel.json: one build's files and images, as build, driver and client all see them.

The model, its writer and its reader; `manifest.schema.json` says what the writer writes. Nothing here
fetches anything or knows where a channel is.

How it grows without taking anything from the readers that are out there:

- A field, a kind, a platform, an image, a spelling may be added at any time, and changes no number. A
  reader leaves out what it does not know, so `files` and `images` are what it understands and need not
  be all that there is: whoever needs every byte (a signature, a mirror) takes the text itself.
- A change of meaning, which an older reader would get wrong, makes SCHEMA one more, and MIN_READER the
  lowest schema whose readers still get it right. A reader stops at a `min_reader` above its own SCHEMA,
  and at nothing else; `schema` alone stops nobody.

SCHEMA is still 1: `min_reader` was added to it, and a manifest without one is for every reader.

The writer is strict: nobody writes what `manifest.schema.json` does not name. No manifest has an entry
for itself, since no file can hold its own digest; the kind `manifest` is what the driver calls that
file among a release's assets, and what a manifest may call that of another build.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Literal, cast, get_args

from viberun.build import Build
from viberun.channel import IMAGES
from viberun.errors import ManifestError, NewerManifestError
from viberun.fields import MOST, Fields, Form, decode, needed_reader
from viberun.platforms import PLATFORMS

SCHEMA = 1
MIN_READER = 1
NAME = "channel.json"

Kind = Literal["client", "server", "sums", "install", "npm", "wheel", "manifest"]

KINDS: tuple[Kind, ...] = get_args(Kind)
# What runs on a platform and so must name it; the other kinds must not.
PLATFORM_KINDS: tuple[Kind, ...] = ("client", "server")

_KIND = Form("|".join(KINDS), f"one of {', '.join(KINDS)}")
_HEX = "[0-9a-f]{64}"
_SHA256 = Form(_HEX, "64 lower-case hex digits")
_DIGEST = Form(f"sha256:{_HEX}", "sha256: and 64 lower-case hex digits")
_PLATFORM = Form("|".join(PLATFORMS), f"one of {', '.join(PLATFORMS)}")
_FILE_NAME = Form(
    "[A-Za-z0-9][A-Za-z0-9._+-]{0,199}",
    "a file name of letters, digits and ._+- that begins with a letter or digit",
)
_FILES_AT = Form("([A-Za-z0-9][A-Za-z0-9._-]*/)*", "empty or a relative folder that ends with a slash")
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

    @property
    def signature_name(self) -> str:
        """The name of the file beside it that says who vouches for this build: a Sigstore bundle on one line."""
        return f"viberun-{self.build.version.oci}.intoto.jsonl"

    @classmethod
    def parse(cls, text: str | bytes) -> Manifest:
        """Reads a manifest, without the files and images that this reader does not know.

        Raises NewerManifestError where it does not know the meaning, else ManifestError with every problem.
        """
        return cls._read(text, all_known=False)

    def to_json(self) -> str:
        """Returns the text of channel.json, always the same bytes for the same manifest.

        Each file is an object on a line of its own, its keys in the model's order, so that POSIX sh
        can read it. Raises ManifestError where `parse` would, or where it would leave something out.
        """
        build = self.build
        files = ",".join(f"\n    {json.dumps(asdict(file))}" for file in self.files)
        images = {name: asdict(image) for name, image in sorted(self.images.items())}
        number = "" if build.repository_id is None else f' "repository_id": {json.dumps(build.repository_id)},'
        text = (
            f'{{ "schema": {SCHEMA}, "min_reader": {MIN_READER}, "channel": {json.dumps(build.channel)},'
            f' "repository": {json.dumps(build.repository)},\n'
            f'  "github": {json.dumps(build.github)}, "registry": {json.dumps(build.registry)},{number}\n'
            f'  "version": {json.dumps(build.version.semver)},\n'
            f'  "spellings": {json.dumps(build.version.spellings)},\n'
            f'  "commit": {json.dumps(build.commit)}, "committed": {json.dumps(build.committed)},'
            f' "files_at": {json.dumps(self.files_at)},\n'
            f'  "files": [{files}\n  ],\n'
            f'  "images": {json.dumps(images)} }}\n'
        )
        self._read(text, all_known=True)
        return text

    @classmethod
    def _read(cls, text: str | bytes, *, all_known: bool) -> Manifest:
        """`all_known` makes what is not known a problem, as it is for who writes it."""
        problems: list[str] = []
        try:
            top = Fields(decode(text), "", problems)
        except ValueError as error:
            raise ManifestError(NAME, [str(error)]) from None
        _check_meaning(top)
        build = Build.read(top)
        files_at = top.text("files_at", _FILES_AT)
        files = tuple(_file(entry) for entry in top.each("files") if all_known or _is_known(entry))
        images = _images(top.fields("images"), all_known=all_known)
        _check_names(files, problems)
        if build is not None:
            manifest = cls(build, files_at, files, images)
            _check_agreement(manifest, problems)
            if not problems:
                return manifest
        raise ManifestError(NAME, problems)


def _check_meaning(top: Fields) -> None:
    """Stops at a meaning that is not known: there the other fields may say anything."""
    needed = needed_reader(top)
    if top.problems:
        raise ManifestError(NAME, top.problems)
    if needed > SCHEMA:
        raise NewerManifestError(NAME, needed, SCHEMA)


def _is_known(entry: Fields) -> bool:
    """Whether a reader has to understand an entry of `files`: what is wrong in another is nothing to it."""
    kind, platform = entry.peek("kind"), entry.peek("platform")
    if isinstance(kind, str) and kind not in KINDS:
        return False
    return not (kind in PLATFORM_KINDS and isinstance(platform, str) and platform not in PLATFORMS)


def _file(entry: Fields) -> File:
    """Reads one entry of `files`; what it returns is no good if there were problems."""
    before = len(entry.problems)
    name = entry.text("name", _FILE_NAME)
    kind = entry.text("kind", _KIND)
    platform = entry.text_or_null("platform", _PLATFORM)
    size = entry.integer("size", 1, MOST)
    sha256 = entry.text("sha256", _SHA256)
    if entry.readable and len(entry.problems) == before and (kind in PLATFORM_KINDS) != (platform is not None):
        must = "name one" if platform is None else "be null"
        entry.report("platform", f"must {must} for the kind {kind}")
    return File(name, cast(Kind, kind), platform, size, sha256)


def _images(entries: Fields, *, all_known: bool) -> dict[str, Image]:
    """Reads `images`; what it returns is no good if there were problems."""
    images = {}
    for name in entries.names():
        if name in IMAGES:
            entry = entries.fields(name)
            images[name] = Image(entry.text_or_null("ref", _REF), entry.text("digest", _DIGEST))
        elif all_known:
            entries.problems.append(f"images: {name!a} is none of {', '.join(IMAGES)}")
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
