"""With the real gpgv. `signed/InRelease` bears two signatures, of which pinned.gpg has one key, and
`signed/InRelease.other` that of the other key alone; both hold the same text."""

import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tools.debian import process
from tools.debian.errors import DebianError
from tools.debian.release_file import ReleaseFile, verify
from tools.debian.suite import Archive

SIGNED = Path(__file__).parent / "signed"
ARCHIVE = Archive("debian", ("trixie",), (SIGNED / "pinned.gpg",))
CONTENT = (SIGNED / "InRelease").read_bytes()
BEFORE, AFTER = datetime(2026, 11, 28, 2, tzinfo=UTC), datetime(2026, 11, 28, 3, tzinfo=UTC)


def read(content: bytes, *, suite: str = "trixie", now: datetime | None = BEFORE) -> ReleaseFile:
    return verify(content, ARCHIVE, suite, process.run, now=now)


def test_a_release_file_that_a_pinned_key_signed_is_read_whoever_else_signed_it() -> None:
    release = read(CONTENT)
    assert release.date == datetime(2026, 11, 21, 2, 10, 46, tzinfo=UTC)
    assert set(release.hashes) == {"main/binary-amd64/Packages.xz", "main/binary-arm64/Packages.xz"}
    assert release.hashes["main/binary-amd64/Packages.xz"].startswith("e3b0c442")


@pytest.mark.parametrize(
    ("what", "content"),
    [
        ("nothing", b""),
        ("the text without a signature", b"\n".join(CONTENT.split(b"\n")[3:13]) + b"\n"),
        ("a text changed after signing", CONTENT.replace(b"e3b0c442", b"e3b0c443")),
        ("a signature by a key that is not pinned", (SIGNED / "InRelease.other").read_bytes()),
        ("an error page", b"<html>Please log in</html>"),
        ("unsigned text in front", b"Codename: trixie\nSHA256:\n 0 0 evil\n" + CONTENT),
        ("a second signed text behind", CONTENT + (SIGNED / "InRelease.other").read_bytes()),
    ],
)
def test_what_no_pinned_key_signed_as_a_whole_is_refused(what: str, content: bytes) -> None:
    with pytest.raises(DebianError, match="no pinned key of debian has signed what the mirror has for trixie"):
        read(content)


def test_unsigned_text_behind_the_signature_is_not_read() -> None:
    assert read(CONTENT + b"SHA256:\n 0 0 evil\n").hashes == read(CONTENT).hashes


def test_a_release_file_of_another_suite_is_refused() -> None:
    with pytest.raises(DebianError, match="release file of trixie-updates is that of trixie"):
        read(CONTENT, suite="trixie-updates")


def test_an_expired_release_file_is_refused_unless_apt_is_told_not_to() -> None:
    with pytest.raises(DebianError, match=r"was valid until Sat, 28 Nov 2026 02:10:46 UTC; .*Check-Valid-Until"):
        read(CONTENT, now=AFTER)
    assert read(CONTENT, now=None) == read(CONTENT)


def test_a_missing_gpgv_is_one_line_that_says_what_to_install() -> None:
    def without_programs(command: Sequence[str]) -> subprocess.CompletedProcess[bytes]:
        return process.run([f"/nonexistent/{command[0]}", *command[1:]])

    with pytest.raises(DebianError, match=r"gpgv.* is missing; apt-get install gpgv"):
        verify(CONTENT, ARCHIVE, "trixie", without_programs, now=None)
