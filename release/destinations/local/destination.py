"""The local channel: a folder that npm, uv, a shell and viberun itself can install from.

    channel.json   the manifest, with `files_at` set to `github/`
    github/        what the GitHub release holds, its own channel.json included
    npm/ pypi/     the packages, under the names that the registries give them
    images/        an OCI layout each

Readers get one build or another, never a mixture: see `release.destinations.local.swapped_folder`. It is not fenced,
since whoever builds an older branch wants to try just that.
"""

import shlex
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from release.bundle import kinds
from release.bundle.model import Artifact, Bundle
from release.destinations.destination import Destination, Receipt, Row
from release.destinations.local.swapped_folder import SwappedFolder
from release.driver.outcome import Change, Done, Plan, Problems, Skipped
from release.driver.progress import Meter, size_text
from release.transport import content
from release.transport.content import Digest
from viberun import manifest
from viberun.errors import ViberunError


class LocalChannelError(ViberunError):
    """The folder can't be written, or does not hold what was written."""


class ArtifactError(ViberunError):
    """A built file is not the one that was bundled."""


@dataclass(frozen=True)
class Entry:
    """One file of the channel: its path there, what it must hold, and where that comes from."""

    path: str
    digest: Digest
    content: Path | bytes


def entries(bundle: Bundle) -> tuple[Entry, ...]:
    """Returns every file of the channel, sorted by path."""
    beside = bundle.manifest.to_json().encode()
    above = replace(bundle.manifest, files_at=kinds.ASSETS).to_json().encode()
    found = [
        Entry(manifest.NAME, content.digest_of(above), above),
        Entry(kinds.ASSETS + manifest.NAME, content.digest_of(beside), beside),
    ]
    found += [Entry(place(a), a.digest, a.path) for a in bundle.artifacts]
    for image in bundle.images:
        found += [Entry(f"images/{image.name}/{f.name}", f.digest, f.path) for f in image.files]
    return tuple(sorted(found, key=lambda entry: entry.path))


def place(artifact: Artifact) -> str:
    """Returns the artifact's path in the channel."""
    return kinds.folder(artifact.kind) + artifact.name


class LocalChannel(Destination):
    """The channel in one folder. `platform` is that of this machine, for the commands to try."""

    name = "local"

    def __init__(self, folder: Path, platform: str) -> None:
        self._folder = SwappedFolder.at(folder)
        self._platform = platform
        self._held = ExitStack()
        self._staged: Path | None = None

    def preflight(self, bundle: Bundle, meter: Meter) -> Problems:
        with self._errors_named():
            obstacle = self._folder.obstacle()
        if obstacle is None:
            return Problems(())
        remedy = "give --out a folder that is absent, empty or a channel that this command wrote"
        return Problems((f"{self._folder.path} {obstacle}; {remedy}",))

    def plan(self, bundle: Bundle, meter: Meter) -> Plan:
        with self._errors_named():
            if self._stands(bundle, meter):
                return Plan(())
            current = self._folder.current()
        writes = [Change("write", e.path, e.digest.size) for e in entries(bundle)]
        label = current.name.partition("-")[2] if current else "nothing"
        version = bundle.manifest.build.version
        switch = Change("switch", f"{self._folder.path} from {label} to {version.oci}")
        return Plan((*writes, switch))

    def stage(self, bundle: Bundle, meter: Meter) -> Done | Skipped:
        found = entries(bundle)
        with self._errors_named():
            self._held.enter_context(self._folder.locked(lambda: meter.note("waiting for another release to end")))
            self._held.callback(self._folder.tidy)
            if self._stands(bundle, meter):
                return Skipped("is there already")
            edition = self._folder.begin(bundle.manifest.build.version.oci)
            _write(found, edition, meter)
            if wrong := _differences(found, edition, meter):
                raise LocalChannelError(f"{edition} does not read back: {', '.join(wrong)}")
        self._staged = edition
        return Done(f"{len(found)} files, {size_text(sum(e.digest.size for e in found))}")

    def promote(self, bundle: Bundle, meter: Meter) -> Done | Skipped:
        if self._staged is None:
            return Skipped()
        with self._errors_named():
            self._folder.switch(self._staged)
        return Done(f"{self._folder.path} is now {bundle.manifest.build.version}")

    def verify(self, bundle: Bundle, meter: Meter) -> Done | Skipped:
        """Compares names and sizes: `stage` has read every byte, and only a rename came after it."""
        if self._staged is None:
            return Skipped()
        with self._errors_named():
            there = {path: file.stat().st_size for path, file in _files(self._folder.path).items()}
        if there != {entry.path: entry.digest.size for entry in entries(bundle)}:
            raise LocalChannelError(f"{self._folder.path} was changed by something else", remedy="release again")
        return Done(f"{len(there)} files in place")

    def receipt(self, bundle: Bundle) -> Receipt:
        rows = [Row(e.path, e.digest.size) for e in entries(bundle) if not e.path.startswith("images/")]
        for image in bundle.images:
            size = sum(file.digest.size for file in image.files)
            rows.append(Row(f"images/{image.name}", size, image.digest))
        return Receipt(str(self._folder.path), tuple(rows), tuple(self._commands(bundle)))

    def close(self) -> None:
        with self._errors_named():
            self._held.close()

    def _stands(self, bundle: Bundle, meter: Meter) -> bool:
        """Tells whether this very release is what the folder holds, to the last byte."""
        current = self._folder.current()
        try:
            return current is not None and not _differences(entries(bundle), current, meter)
        except FileNotFoundError:  # another run has removed that edition meanwhile
            return False

    def _commands(self, bundle: Bundle) -> Iterator[str]:
        def path(artifact: Artifact) -> str:
            return shlex.quote(str(self._folder.path / place(artifact)))

        if wheel := bundle.artifact("wheel"):
            yield f"uvx --from {path(wheel)} viberun --version"
        if npm := bundle.artifact("npm"):
            # A bare path would be started as a program.
            yield f"npx --yes --package {path(npm)} viberun --version"
        if client := bundle.artifact("client", self._platform):
            yield f'd=$(mktemp -d) && tar -xzf {path(client)} -C "$d" && "$d/viberun" --version'

    @contextmanager
    def _errors_named(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            at = f" ({error.filename})" if error.filename else ""
            raise LocalChannelError(
                f"{self._folder.path}: {error.strerror}{at}", remedy="see to that, or give another --out"
            ) from error


def _write(found: tuple[Entry, ...], folder: Path, meter: Meter) -> None:
    """Copies everything, comparing each digest with what was bundled; on disk when it returns."""
    meter.expect(sum(entry.digest.size for entry in found))
    folders = {folder}
    for entry in found:
        target = folder / entry.path
        for parent in reversed(target.relative_to(folder).parents):
            if folder / parent not in folders:
                content.make_folder(folder / parent)
                folders.add(folder / parent)
        if content.write(entry.content, target, meter.moved) != entry.digest:
            raise ArtifactError(
                f"{entry.path} was built otherwise than it was bundled",
                remedy="let no other build run meanwhile, and run this again",
            )
    for each in folders:
        content.sync_folder(each)


def _differences(found: tuple[Entry, ...], folder: Path, meter: Meter) -> list[str]:
    """Returns the paths at which `folder` does not hold exactly these entries."""
    there = _files(folder)
    wanted = {entry.path: entry.digest for entry in found}
    different = wanted.keys() ^ there.keys()
    different |= {p for p in wanted.keys() - different if there[p].stat().st_size != wanted[p].size}
    if not different:
        meter.expect(sum(digest.size for digest in wanted.values()))
        different = {p for p in wanted if content.digest_of(there[p], meter.moved) != wanted[p]}
    return sorted(different)


def _files(folder: Path) -> dict[str, Path]:
    """Returns every file below `folder`, by its path there."""
    return {str((root / name).relative_to(folder)): root / name for root, _, names in folder.walk() for name in names}
