from dataclasses import replace

from tests.unit.tools.debian.fabricated_lock import BASH, LIBC, LOCK, PIP
from tools.debian.changes import describe
from tools.debian.lock import LockedPackage


def test_a_first_lock_and_one_that_says_the_same_are_told_apart() -> None:
    assert describe(LOCK, LOCK) == []
    assert describe(None, replace(LOCK, packages=(BASH,))) == [
        "+ bash 5.2.37-2+b10 (app.base; +1,501 kB)",
        "1 package changes; 0.0 MB -> 1.5 MB",
    ]


def test_versions_sizes_and_what_came_and_went_are_told() -> None:
    before = replace(LOCK, packages=(BASH, LIBC))
    newer = replace(BASH, version="5.3-1", size=BASH.size + 2500, path="pool/new")
    assert describe(before, replace(LOCK, packages=(newer, PIP))) == [
        "  bash 5.2.37-2+b10 -> 5.3-1 (app.base; +2 kB)",
        "- libc6 5.2.37-2+b10 (app.base, python; -1,501 kB)",
        "+ python3-pip-whl 5.2.37-2+b10 (python; +1,501 kB)",
        "3 packages change; 3.0 MB -> 3.0 MB",
    ]


def test_architectures_that_change_alike_share_a_line() -> None:
    def both(version: str) -> tuple[LockedPackage, ...]:
        return tuple(replace(BASH, version=version, architecture=name) for name in ("amd64", "arm64"))

    lines = describe(replace(LOCK, packages=both("5.2")), replace(LOCK, packages=both("5.3")))
    assert lines[0] == "  bash 5.2 -> 5.3 (app.base; +0 kB)"
    assert len(lines) == 2


def test_a_version_that_goes_back_stands_out() -> None:
    lines = describe(replace(LOCK, packages=(BASH,)), replace(LOCK, packages=(replace(BASH, version="5.2.37-1"),)))
    assert "5.2.37-2+b10 -> 5.2.37-1 GOES BACK" in lines[0]


def test_other_bytes_under_the_same_version_are_told() -> None:
    changed = replace(BASH, sha256="f" * 64, sets=("app.tools",))
    lines = describe(replace(LOCK, packages=(BASH,)), replace(LOCK, packages=(changed,)))
    assert lines[0] == "  bash 5.2.37-2+b10: sets, sha256 differ (app.tools; +0 kB)"
