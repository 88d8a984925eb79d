"""The chain from Debian's keys to an index: InRelease, verified, names the hash of each `Packages.xz`."""

import hashlib
import lzma
from collections.abc import Iterator
from datetime import datetime

from tools.debian import index, release_file
from tools.debian.errors import DebianError
from tools.debian.index import Index, Package
from tools.debian.mirror import Mirrors, NotFound
from tools.debian.process import Run
from tools.debian.release_file import ReleaseFile
from tools.debian.suite import Archive, Suite


def release_files(suite: Suite, mirrors: Mirrors, run: Run, *, now: datetime | None) -> dict[str, ReleaseFile]:
    """The verified release file of each suite."""
    return {
        name: release_file.verify(mirrors.get(archive.name, f"dists/{name}/InRelease"), archive, name, run, now=now)
        for archive in suite.archives
        for name in archive.suites
    }


def read_index(suite: Suite, architecture: str, releases: dict[str, ReleaseFile], mirrors: Mirrors) -> Index:
    """What all suites together offer for an architecture."""
    return Index(_packages(suite, architecture, releases, mirrors))


def _packages(suite: Suite, architecture: str, releases: dict[str, ReleaseFile], mirrors: Mirrors) -> Iterator[Package]:
    for archive in suite.archives:
        for name in archive.suites:
            text = _packages_file(archive, name, architecture, releases[name], mirrors)
            yield from index.read(text, archive.name)


def _packages_file(archive: Archive, suite: str, architecture: str, release: ReleaseFile, mirrors: Mirrors) -> str:
    folder = f"main/binary-{architecture}"
    try:
        sha256 = release.hashes[f"{folder}/Packages.xz"]
    except KeyError:
        raise DebianError(f"the release file of {suite} names no {folder}/Packages.xz") from None
    try:
        content = mirrors.get(archive.name, f"dists/{suite}/{folder}/by-hash/SHA256/{sha256}")
    except NotFound:
        content = mirrors.get(archive.name, f"dists/{suite}/{folder}/Packages.xz")
    check(content, sha256, f"{suite}/{folder}/Packages.xz")
    return lzma.decompress(content).decode()


def check(content: bytes, sha256: str, name: str) -> None:
    """Raises DebianError unless the content has that hash."""
    actual = hashlib.sha256(content).hexdigest()
    if actual != sha256:
        raise DebianError(f"{name} has sha256 {actual}, and {sha256} was expected: the mirror is being updated or broken; try again")
