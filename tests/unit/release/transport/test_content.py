import hashlib
import os
from pathlib import Path

import pytest

from release.transport import content
from release.transport.content import CHUNK, Digest

DATA = os.urandom(CHUNK * 2 + 17)


@pytest.mark.parametrize("data", [b"", b"x", DATA])
def test_the_digest_is_of_every_byte_wherever_they_are(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "file").write_bytes(data)
    digest = Digest(len(data), hashlib.sha256(data).hexdigest())
    assert content.digest_of(data) == digest
    assert content.digest_of(tmp_path / "file") == digest


def test_what_is_written_is_what_was_digested(tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(DATA)
    digest = content.write(tmp_path / "source", tmp_path / "target")
    assert (tmp_path / "target").read_bytes() == DATA
    assert digest == content.digest_of(DATA)


def test_every_byte_is_told_once(tmp_path: Path) -> None:
    told: list[int] = []
    (tmp_path / "source").write_bytes(DATA)
    content.write(tmp_path / "source", tmp_path / "target", told.append)
    assert told == [CHUNK, CHUNK, 17]


def test_modes_depend_on_neither_umask_nor_source(tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(b"x")
    (tmp_path / "source").chmod(0o555)
    before = os.umask(0o077)
    try:
        content.write(tmp_path / "source", tmp_path / "target")
        content.make_folder(tmp_path / "folder")
    finally:
        os.umask(before)
    assert (tmp_path / "target").stat().st_mode & 0o777 == 0o644
    assert (tmp_path / "folder").stat().st_mode & 0o777 == 0o755


def test_the_target_is_a_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(b"x")
    content.write(tmp_path / "source", tmp_path / "target")
    assert (tmp_path / "target").stat().st_nlink == 1


def test_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"there")
    with pytest.raises(FileExistsError):
        content.write(b"new", tmp_path / "target")
    assert (tmp_path / "target").read_bytes() == b"there"


def test_a_planted_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "target").symlink_to(tmp_path / "victim")
    with pytest.raises(OSError):  # noqa: PT011 - any refusal will do
        content.write(b"new", tmp_path / "target")
    assert not (tmp_path / "victim").exists()
