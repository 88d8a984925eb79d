import hashlib

import pytest

from tests.unit.tools.debian.fabricated import ROOT, SUITE, Mirror, deb, gpgv
from tools.debian import archive
from tools.debian.errors import DebianError
from tools.debian.index import Index
from tools.debian.mirror import Mirrors


def index_of(mirror: Mirror) -> Index:
    mirrors = Mirrors({"debian": [ROOT]}, mirror)
    releases = archive.release_files(SUITE, mirrors, gpgv, now=None)
    return archive.read_index(SUITE, "amd64", releases, mirrors)


def published() -> tuple[Mirror, str]:
    """A mirror, and the address of its index by digest."""
    mirror = Mirror()
    mirror.publish({"bash": ("5", deb())})
    (by_hash,) = [url for url in mirror.files if "by-hash" in url]
    return mirror, by_hash


def test_the_index_that_the_release_file_names_is_read() -> None:
    mirror, _ = published()
    package = index_of(mirror)["bash"]
    assert (package.version, package.archive, package.fields["Filename"]) == ("5", "debian", "pool/bash_5.deb")
    assert package.fields["SHA256"] == hashlib.sha256(deb()).hexdigest()


def test_a_mirror_without_indexes_by_digest_serves_too() -> None:
    mirror, by_hash = published()
    mirror.files[f"{ROOT}dists/trixie/main/binary-amd64/Packages.xz"] = mirror.files.pop(by_hash)
    assert index_of(mirror)["bash"].version == "5"


@pytest.mark.parametrize("name", ["by-hash", "Packages.xz"])
def test_an_index_with_another_digest_is_refused_before_it_is_read(name: str) -> None:
    mirror, by_hash = published()
    del mirror.files[by_hash]
    path = by_hash if name == "by-hash" else f"{ROOT}dists/trixie/main/binary-amd64/Packages.xz"
    mirror.files[path] = b"not even xz"
    with pytest.raises(DebianError, match=r"trixie/main/binary-amd64/Packages\.xz should have the sha256 [0-9a-f]{64}"):
        index_of(mirror)


def test_an_architecture_that_a_suite_lacks_is_an_error_that_names_it() -> None:
    mirror, _ = published()
    mirrors = Mirrors({"debian": [ROOT]}, mirror)
    releases = archive.release_files(SUITE, mirrors, gpgv, now=None)
    with pytest.raises(DebianError, match="release file of trixie names no main/binary-m68k"):
        archive.read_index(SUITE, "m68k", releases, mirrors)
