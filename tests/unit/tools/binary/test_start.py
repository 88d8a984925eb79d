import fcntl
import os
from pathlib import Path

import pytest

from tools.binary import start

NOW = 2_000_000_000.0
DAY = 86400


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        ({"/etc/ssl/certs/ca-certificates.crt"}, "/etc/ssl/certs/ca-certificates.crt"),
        ({"/etc/pki/tls/certs/ca-bundle.crt", "/bundled"}, "/etc/pki/tls/certs/ca-bundle.crt"),
        ({"/etc/ssl/cert.pem", "/etc/ssl/certs/ca-certificates.crt"}, "/etc/ssl/certs/ca-certificates.crt"),
        ({"/bundled"}, "/bundled"),
        ({"/usr/lib/ssl/cert.pem", "/bundled"}, None),
        ({"/usr/lib/ssl/certs/ca-certificates.crt", "/etc/ssl/certs/ca-certificates.crt"}, None),
        (set(), None),
    ],
)
def test_openssl_is_told_of_certificates_that_it_would_not_find(there: set[str], expected: str | None) -> None:
    changes = start.corrections({}, "/bundled", there.__contains__)
    assert changes == ({b"SSL_CERT_FILE": expected.encode()} if expected else {})


@pytest.mark.parametrize("name", [b"SSL_CERT_FILE", b"SSL_CERT_DIR"])
def test_what_is_set_about_certificates_stays(name: bytes) -> None:
    assert start.corrections({name: b""}, "/bundled", lambda path: True) == {}


def test_a_preloaded_library_is_given_back() -> None:
    environment = {b"VIBERUN_LD_PRELOAD": b"x.so", b"SSL_CERT_FILE": b""}
    changes = start.corrections(environment, "/bundled", lambda path: True)
    assert changes == {b"VIBERUN_LD_PRELOAD": None, b"LD_PRELOAD": b"x.so"}


def part(cache: Path, name: str, days: float) -> Path:
    (cache / name).mkdir()
    (cache / name / "used").touch()
    os.utime(cache / name / "used", (NOW - days * DAY, NOW - days * DAY))
    return cache / name


def names(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.iterdir())


def test_prunes_what_was_unused_for_fourteen_days(tmp_path: Path) -> None:
    part(tmp_path, "program-13", 13.9)
    part(tmp_path, "program-14", 14)
    part(tmp_path, "runtime-20", 20)
    start.prune(str(tmp_path), NOW)
    assert names(tmp_path) == ["program-13"]


def test_never_prunes_what_is_held(tmp_path: Path) -> None:
    held = part(tmp_path, "runtime-1", 100)
    holding, hold = os.pipe()
    ended, end = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(end)
        start.hold([str(held)])
        os.write(hold, b".")
        os.read(ended, 1)
        os._exit(0)
    os.read(holding, 1)
    start.prune(str(tmp_path), NOW)
    assert held.exists()
    os.close(end)
    os.waitpid(child, 0)
    start.prune(str(tmp_path), NOW)
    assert not held.exists()


def test_leaves_alone_what_it_does_not_know(tmp_path: Path) -> None:
    part(tmp_path, "other-1", 100)
    (tmp_path / "program-without-stamp").mkdir()
    (tmp_path / "runtime-file").touch()
    before = names(tmp_path)
    start.prune(str(tmp_path), NOW)
    assert names(tmp_path) == before


def test_puts_back_what_is_started_between_the_looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cache").mkdir()
    used = part(tmp_path / "cache", "program-1", 100)
    rename = os.rename

    def start_meanwhile(source: str, target: str) -> None:
        os.utime(Path(source) / "used", (NOW, NOW))
        rename(source, target)

    monkeypatch.setattr(os, "rename", start_meanwhile)
    start.prune(str(tmp_path / "cache"), NOW)
    assert used.exists()


def test_prunes_once_a_day(tmp_path: Path) -> None:
    part(tmp_path, "program-1", 100)
    start.prune_daily(str(tmp_path), NOW)
    assert names(tmp_path) == ["pruned"]
    part(tmp_path, "program-2", 100)
    start.prune_daily(str(tmp_path), NOW + DAY - 1)
    assert names(tmp_path) == ["program-2", "pruned"]
    start.prune_daily(str(tmp_path), NOW + DAY)
    assert names(tmp_path) == ["pruned"]


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    start.prune_daily(str(tmp_path / "none"), NOW)
    start.hold([str(tmp_path / "none")])


def test_many_may_hold_one_part(tmp_path: Path) -> None:
    held = part(tmp_path, "runtime-1", 0)
    start.hold([str(held), str(held)])
    with (held / "used").open() as file, pytest.raises(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
