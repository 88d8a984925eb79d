"""Follows the chain from Debian's keys to the indexes: a verified InRelease names the sha256 of each `Packages.xz`."""

import hashlib
import lzma
from collections.abc import Iterator, Mapping
from datetime import datetime

from tools.debian import index, release_file
from tools.debian.errors import DebianError, NotFoundError
from tools.debian.index import Index, Package
from tools.debian.mirror import Mirrors
from tools.debian.process import Run
from tools.debian.release_file import ReleaseFile
from tools.debian.suite import Archive, Suite


def release_files(suite: Suite, mirrors: Mirrors, run: Run, *, now: datetime | None) -> dict[str, ReleaseFile]:
    """Returns the verified release file of each suite; see `release_file.verify`."""
    return {
        name: release_file.verify(mirrors.get(archive.name, f"dists/{name}/InRelease"), archive, name, run, now=now)
        for archive in suite.archives
        for name in archive.suites
    }


def read_index(suite: Suite, architecture: str, releases: Mapping[str, ReleaseFile], mirrors: Mirrors) -> Index:
    """Returns what all suites together offer for an architecture. Raises DebianError where an index is not the signed one."""
    return Index(_packages(suite, architecture, releases, mirrors))


def require_digest(content: bytes, sha256: str, name: str) -> None:
    """Raises DebianError unless the content has that digest."""
    actual = hashlib.sha256(content).hexdigest()
    if actual != sha256:
        raise DebianError(f"{name} should have the sha256 {sha256} and has {actual}")


def _packages(
    suite: Suite, architecture: str, releases: Mapping[str, ReleaseFile], mirrors: Mirrors
) -> Iterator[Package]:
    for archive in suite.archives:
        for name in archive.suites:
            content = _packages_file(archive, name, f"main/binary-{architecture}", releases[name], mirrors)
            yield from index.read(lzma.decompress(content).decode(), archive.name)


def _packages_file(archive: Archive, suite: str, folder: str, release: ReleaseFile, mirrors: Mirrors) -> bytes:
    if f"{folder}/Packages.xz" not in release.hashes:
        raise DebianError(f"the release file of {suite} names no {folder}/Packages.xz")
    sha256 = release.hashes[f"{folder}/Packages.xz"]
    try:
        # By its digest it is there even while the mirror takes in the next state.
        content = mirrors.get(archive.name, f"dists/{suite}/{folder}/by-hash/SHA256/{sha256}")
    except NotFoundError:
        content = mirrors.get(archive.name, f"dists/{suite}/{folder}/Packages.xz")
    require_digest(content, sha256, f"{suite}/{folder}/Packages.xz")
    return content
