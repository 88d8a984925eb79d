"""The local channel: a release folder (`release.bundle.folder`) that npm, uv, a shell and viberun itself can install from.

Readers get one build or another, never a mixture: see `release.destinations.local.swapped_folder`. It is not fenced,
since whoever builds an older branch wants to try just that.
"""

import shlex
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from release.bundle.folder import manifests, place
from release.bundle.model import Artifact, Bundle
from release.destinations.destination import Destination, Published, Receipt, Row
from release.destinations.local.swapped_folder import SwappedFolder
from release.driver.outcome import Change, Problems, StaleError
from release.driver.progress import Meter
from release.transport import content
from release.transport.content import Digest
from release.transport.patience import Patience, Waits
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
    found = [Entry(path, content.digest_of(text), text) for path, text in manifests(bundle.manifest).items()]
    found += [Entry(place(a), a.digest, a.path) for a in bundle.artifacts]
    for image in bundle.images:
        found += [Entry(f"images/{image.name}/{f.name}", f.digest, f.path) for f in image.files]
    return tuple(sorted(found, key=lambda entry: entry.path))


class LocalChannel(Destination):
    """The channel in one folder. `platform` is that of this machine, for the commands to try."""

    name = "local"

    def __init__(self, folder: Path, platform: str) -> None:
        self._folder = SwappedFolder.at(folder)
        self._platform = platform
        self._held = ExitStack()
        self._locked = False
        self._staged: Path | None = None
        self._stands = False
        """What the last look found: the folder is this release, to the last byte."""
        self.waits = Waits(Patience(lag=0))

    def preflight(self, bundle: Bundle, meter: Meter) -> Problems:
        with self._errors_named():
            obstacle = self._folder.obstacle()
        if obstacle is None:
            return Problems(())
        remedy = "give --out a folder that is absent, empty or a channel that this command wrote"
        return Problems((f"{self._folder.path} {obstacle}; {remedy}",))

    def stage(self, bundle: Bundle) -> Iterator[Change]:
        with self._errors_named():
            found, current = entries(bundle), self._folder.current()
            lacking = _differences(found, self._staged or current)
            self._stands = not self._staged and not lacking
            if self._stands and self._folder.litter():
                yield Change("delete", "what a killed release left", make=self._tidy)
        version = bundle.manifest.build.version.oci
        for entry in found:
            if entry.path in lacking or not (self._staged or self._stands):
                write = self._write(entry, version, current)
                yield Change("write", entry.path, entry.digest.size, write)

    def promote(self, held: Published) -> Iterator[Change]:
        if not self._stands:
            with self._errors_named():
                current = self._folder.current()
            label = current.name.partition("-")[2] if current else "nothing"
            subject = f"{self._folder.path} from {label} to {held.manifest.build.version.oci}"
            yield Change("switch", subject, make=self._switch)

    def verify(self, bundle: Bundle) -> Iterator[Change]:
        """Compares names and sizes: `stage` has read every byte, and only a rename came after it."""
        if self._staged is None:
            return
        with self._errors_named():
            there = {path: file.stat().st_size for path, file in _files(self._folder.path).items()}
        if there != {entry.path: entry.digest.size for entry in entries(bundle)}:
            yield Change("", f"{self._folder.path} was changed by something else")

    def receipt(self, bundle: Bundle) -> Receipt:
        rows = [Row(e.path, e.digest.size) for e in entries(bundle) if not e.path.startswith("images/")]
        for image in bundle.images:
            size = sum(file.digest.size for file in image.files)
            rows.append(Row(f"images/{image.name}", size, image.digest))
        return Receipt(str(self._folder.path), tuple(rows), tuple(self._commands(bundle)))

    def close(self) -> None:
        with self._errors_named():
            self._held.close()

    def _write(self, entry: Entry, version: str, seen: Path | None) -> Callable[[Meter], None]:
        """Copies it to the edition that is begun, comparing its digest with what was bundled."""

        def write(meter: Meter) -> None:
            with self._errors_named():
                if self._staged is None:
                    self._begin(version, seen, meter)
                assert self._staged
                target = self._staged / entry.path
                for folder in reversed(target.relative_to(self._staged).parents):
                    if not (self._staged / folder).exists():
                        content.make_folder(self._staged / folder)
                if content.write(entry.content, target, meter.moved) != entry.digest:
                    raise ArtifactError(
                        f"{entry.path} was built otherwise than it was bundled",
                        remedy="let no other build run meanwhile, and run this again",
                    )

        return write

    def _begin(self, version: str, seen: Path | None, meter: Meter) -> None:
        """Begins an edition. Raises StaleError where another run has been at it since the look."""
        self._tidy(meter)
        if self._folder.current() != seen:
            raise StaleError(f"{self._folder.path} was changed by another release", remedy="release again")
        self._staged = self._folder.begin(version)

    def _tidy(self, meter: Meter) -> None:
        """Keeps others out, and removes what they left."""
        if not self._locked:
            self._held.enter_context(self._folder.locked(lambda: meter.note("waiting for another release to end")))
            self._held.callback(self._folder.tidy)
            self._locked = True
        self._folder.tidy()

    def _switch(self, meter: Meter) -> None:
        assert self._staged
        with self._errors_named():
            for folder, _, _ in self._staged.walk():
                content.sync_folder(folder)
            self._folder.switch(self._staged)
        self._stands = True

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


def _differences(found: tuple[Entry, ...], folder: Path | None) -> set[str]:
    """Returns the paths at which `folder` does not hold exactly these entries."""
    try:
        there = _files(folder) if folder else {}
        wanted = {entry.path: entry.digest for entry in found}
        different = wanted.keys() ^ there.keys()
        different |= {p for p in wanted.keys() - different if there[p].stat().st_size != wanted[p].size}
        return different or {p for p in wanted if content.digest_of(there[p]) != wanted[p]}
    except FileNotFoundError:  # another run has removed that edition meanwhile
        return {entry.path for entry in found}


def _files(folder: Path) -> dict[str, Path]:
    """Returns every file below `folder`, by its path there."""
    return {str((root / name).relative_to(folder)): root / name for root, _, names in folder.walk() for name in names}
