import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from release.rebuild.difference import difference


def tarball(text: str) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "/usr/bin/true"
        archive.addfile(link)
        info = tarfile.TarInfo("file")
        info.size = len(text)
        archive.addfile(info, io.BytesIO(text.encode()))
    return out.getvalue()


def zipped(text: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("file"), text)
    return out.getvalue()


def compared(tmp_path: Path, one: bytes, other: bytes) -> list[str]:
    (tmp_path / "one").write_bytes(one)
    (tmp_path / "other").write_bytes(other)
    return difference(tmp_path / "one", tmp_path / "other")


@pytest.mark.parametrize("make", [tarball, zipped])
def test_the_member_that_differs_is_named(tmp_path: Path, make: object) -> None:
    assert callable(make)
    (line,) = compared(tmp_path, make("text" * 100), make("other" * 100))
    assert line.startswith("file: ")


@pytest.mark.parametrize("make", [tarball, zipped])
def test_a_damaged_archive_is_another_file_and_no_error(tmp_path: Path, make: object) -> None:
    assert callable(make)
    whole = make("text" * 100)
    for at in range(len(whole)):
        for other in (whole[:at], whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :]):
            assert compared(tmp_path, whole, other)
