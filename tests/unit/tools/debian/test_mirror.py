import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tools.debian.errors import DebianError, NotFoundError
from tools.debian.mirror import Mirrors, checks_valid_until, configured, fetch_with_retries
from tools.debian.process import Run

NOW = datetime(2026, 11, 22, 21, 30, tzinfo=UTC)
SNAPSHOT = "https://snapshot.debian.org/archive/{}/20261122T213000Z/"
ARCHIVES = ("debian", "debian-security")


def printing(text: str, returncode: int = 0) -> Run:
    def run(command: Sequence[str]) -> subprocess.CompletedProcess[bytes]:
        return subprocess.CompletedProcess(command, returncode, text.encode(), b"")

    return run


def test_without_apt_and_environment_the_snapshot_archive_is_asked() -> None:
    roots = configured(ARCHIVES, {}, printing("", 127), NOW)
    assert roots == {archive: [SNAPSHOT.format(archive)] for archive in ARCHIVES}


@pytest.mark.parametrize(
    "mirror", ["http://m.example/pub/debian", "http://m.example/pub/debian/", "http://m.example/pub"]
)
def test_the_environments_mirror_comes_first_and_has_security_beside_it(mirror: str) -> None:
    apt = printing("http://apt.example/debian/ Debian\nhttp://apt.example/debian-security/ Debian-Security\n")
    roots = configured(ARCHIVES, {"DEBIAN_MIRROR": mirror}, apt, NOW)
    assert roots == {
        archive: [f"http://m.example/pub/{archive}/", f"http://apt.example/{archive}/", SNAPSHOT.format(archive)]
        for archive in ARCHIVES
    }


def test_of_apts_sources_only_debians_count_each_once() -> None:
    apt = printing(
        "http://a.example/anything/ Debian\nhttp://a.example/anything/ Debian\nhttp://other.example/debian/ Other\n"
        "http://never.updated/debian/ $(LABEL)\nhttp://never.updated/ubuntu/ $(LABEL)\n"
    )
    assert configured(["debian"], {}, apt, NOW)["debian"] == [
        "http://a.example/anything/",
        "http://never.updated/debian/",
        SNAPSHOT.format("debian"),
    ]


def test_an_archive_that_apt_has_no_source_of_is_looked_for_beside_the_main_one() -> None:
    roots = configured(ARCHIVES, {}, printing("http://m.example/pub/debian/ Debian\n"), NOW)
    assert roots["debian-security"] == ["http://m.example/pub/debian-security/", SNAPSHOT.format("debian-security")]


@pytest.mark.parametrize(("setting", "checked"), [("", True), ("true\n", True), ("false\n", False), ("no\n", False)])
def test_expiry_counts_unless_apt_is_told_otherwise(setting: str, checked: bool) -> None:
    assert checks_valid_until(printing(setting)) is checked


def test_the_first_mirror_that_has_a_file_serves_it() -> None:
    def fetch(url: str) -> bytes:
        if url.startswith("http://down/"):
            raise DebianError(f"{url}: refused")
        if url.startswith("http://lacks/"):
            raise NotFoundError(f"{url}: 404")
        return url.encode()

    assert (
        Mirrors({"debian": ["http://down/", "http://lacks/", "http://has/"]}, fetch).get("debian", "x")
        == b"http://has/x"
    )
    with pytest.raises(NotFoundError) as caught:
        Mirrors({"debian": ["http://down/", "http://lacks/"]}, fetch).get("debian", "x")
    assert str(caught.value) == "no mirror has debian/x:\n    http://down/x: refused\n    http://lacks/x: 404"


@contextmanager
def answering(*statuses: int) -> Iterator[tuple[str, list[str]]]:
    """A server that gives these statuses one after the other, and what it was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(statuses[len(asked) - 1])
            self.end_headers()
            self.wfile.write(b"content")

        def log_message(self, *arguments: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/file", asked
        finally:
            server.shutdown()


def test_a_failing_server_is_asked_again_with_growing_pauses() -> None:
    pauses: list[float] = []
    with answering(500, 503, 200) as (url, asked):
        assert fetch_with_retries(url, sleep=pauses.append) == b"content"
    assert (len(asked), pauses) == (3, [2.0, 4.0])


def test_a_server_that_goes_on_failing_is_given_up() -> None:
    with answering(500, 500, 500, 200) as (url, asked), pytest.raises(DebianError, match="500"):
        fetch_with_retries(url, sleep=lambda seconds: None)
    assert len(asked) == 3


def test_a_file_that_is_not_there_is_not_asked_for_again() -> None:
    with answering(404, 200) as (url, asked), pytest.raises(NotFoundError, match="404 Not Found"):
        fetch_with_retries(url, sleep=lambda seconds: None)
    assert len(asked) == 1


def test_a_server_that_is_not_there_is_an_error_that_names_the_address() -> None:
    with pytest.raises(DebianError, match=r"http://127\.0\.0\.1:1/x: .*refused"):
        fetch_with_retries("http://127.0.0.1:1/x", sleep=lambda seconds: None)
