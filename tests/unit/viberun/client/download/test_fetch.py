from __future__ import annotations

import hashlib
import os
import resource
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import certifi
import pytest

from tests.unit.viberun.client.web import Answer, serving
from tests.unit.viberun.installed import install
from viberun.client.download.fetch import DigestMismatchError, Fetcher, FetchError, InsecureError, NotThereError, shown
from viberun.errors import UsageError

CONTENT = os.urandom(300_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def patient(**options: object) -> tuple[Fetcher, list[float]]:
    """A fetcher that does not wait, and the pauses that it would have made."""
    pauses: list[float] = []
    return Fetcher(pause=pauses.append, **options), pauses  # type: ignore[arg-type]


def test_a_document_is_read_from_a_server_and_from_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"content")
    with serving({"/a": b"content"}) as web:
        assert Fetcher().get(f"{web.url}/a", 100) == Fetcher().get(str(tmp_path / "a"), 100) == b"content"


def test_what_is_not_there_is_told_apart_at_once(tmp_path: Path) -> None:
    fetcher, pauses = patient()
    with serving({"/gone": Answer(status=410)}) as web:
        for address in (f"{web.url}/a", f"{web.url}/gone", str(tmp_path / "a"), str(tmp_path / "a/b")):
            with pytest.raises(NotThereError, match=f"{address} is not there"):
                fetcher.get(address, 100)
    assert pauses == []


@pytest.mark.parametrize(
    "failure",
    [Answer(status=503), Answer(status=429), Answer(status=500), Answer(cut=-1), Answer(b"content", cut=3)],
    ids=["503", "429", "500", "no answer", "cut"],
)
def test_a_failure_that_may_pass_is_met_with_another_try(failure: Answer) -> None:
    fetcher, pauses = patient()
    with serving({"/a": [failure, failure, Answer(b"content")]}) as web:
        assert fetcher.get(f"{web.url}/a", 100) == b"content"
    assert len(pauses) == 2


def test_tries_are_bounded_and_the_error_says_why() -> None:
    fetcher, pauses = patient(attempts=3)
    with serving({"/a": Answer(status=503)}) as web:
        with pytest.raises(FetchError, match=r"/a can't be read: the server says 503 .*; check the network"):
            fetcher.get(f"{web.url}/a", 100)
        assert len(web.asked) == 3
    assert len(pauses) == 2


def test_the_server_may_ask_for_a_pause_but_not_for_any() -> None:
    fetcher, pauses = patient(attempts=3)
    answers = [Answer(status=429, headers={"Retry-After": wait}) for wait in ("4", "3600")]
    with serving({"/a": [*answers, Answer(b"")]}) as web:
        fetcher.get(f"{web.url}/a", 100)
    assert pauses == [4.0, 10.0]


@pytest.mark.parametrize("status", [400, 401, 403, 451])
def test_a_refusal_is_not_asked_again(status: int) -> None:
    fetcher, _ = patient()
    with serving({"/a": Answer(status=status)}) as web:
        with pytest.raises(FetchError, match=f"the server says {status}"):
            fetcher.get(f"{web.url}/a", 100)
        assert len(web.asked) == 1


def test_a_server_that_says_nothing_is_not_waited_for() -> None:
    fetcher, _ = patient(attempts=2, timeout=0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(FetchError, match="no answer in time"):
        fetcher.get(f"http://127.0.0.1:{silent.getsockname()[1]}/a", 100)


def test_nobody_there_is_one_clear_line() -> None:
    fetcher, _ = patient(attempts=2)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(FetchError, match=f"127.0.0.1:{port}/a can't be read: Connection refused; check the network"):
        fetcher.get(f"http://127.0.0.1:{port}/a", 100)


def test_a_document_has_a_limit() -> None:
    with serving({"/a": bytes(101), "/b": bytes(100)}) as web:
        assert len(Fetcher().get(f"{web.url}/b", 100)) == 100
        with pytest.raises(FetchError, match="larger than the 100 bytes"):
            Fetcher().get(f"{web.url}/a", 100)


@pytest.mark.parametrize("address", ["http://example.org/a", "http://10.0.0.1/a", "http://127.0.0.1.example.org/a"])
def test_plain_http_is_for_this_machine_alone(address: str) -> None:
    with pytest.raises(InsecureError, match=r"is plain http.*VIBERUN_CHANNEL_INSECURE=1"):
        Fetcher.of({}).get(address, 100)
    Fetcher.of({"VIBERUN_CHANNEL_INSECURE": "1"}).require_secure(address)
    for no in ("0", "", "true"):
        with pytest.raises(InsecureError):
            Fetcher.of({"VIBERUN_CHANNEL_INSECURE": no}).require_secure(address)


@pytest.mark.parametrize(
    "address", ["http://localhost/a", "http://127.1.2.3:80/a", "http://[::1]:5000/a", "https://x/"]
)
def test_loopback_and_https_need_no_leave(address: str) -> None:
    Fetcher().require_secure(address)


def test_a_redirection_to_plain_http_elsewhere_is_not_followed() -> None:
    away = Answer(status=302, headers={"Location": "http://example.org/b"})
    with serving({"/a": away}) as web, pytest.raises(InsecureError, match=r"http://example\.org/b is plain http"):
        Fetcher().get(f"{web.url}/a", 100)


def test_a_redirection_is_followed() -> None:
    with serving({"/a": Answer(status=302, headers={"Location": "/b"}), "/b": b"content"}) as web:
        assert Fetcher().get(f"{web.url}/a", 100) == b"content"


@pytest.mark.parametrize("address", ["https://", "http://[::1/a", "https://x:y/", "https://a b/", "https://me:pw@x/a"])
def test_what_is_no_address_is_refused_without_showing_a_password(address: str) -> None:
    with pytest.raises(UsageError) as error:
        Fetcher().get(address, 100)
    assert "pw" not in str(error.value)


def test_a_message_shows_neither_credentials_nor_signatures() -> None:
    assert shown("https://me:secret@x.org/a?sig=secret#b") == "https://x.org/a"
    assert shown("/a/b?c") == "/a/b?c"


def test_a_file_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    seen: list[int] = []
    with serving({"/a": CONTENT}) as web:
        Fetcher().download(f"{web.url}/a", tmp_path / "a", len(CONTENT), SHA256, seen.append)
    assert (tmp_path / "a").read_bytes() == CONTENT
    assert seen == sorted(seen)
    assert seen[-1] == len(CONTENT)
    assert os.listdir(tmp_path) == ["a"]


@pytest.mark.parametrize(
    ("served", "message"),
    [
        (CONTENT[:-1], "299999 bytes instead of 300000 bytes"),
        (CONTENT + b"x", "300001 bytes instead of"),
        (bytes(len(CONTENT)), "sha256 .* instead of"),
    ],
    ids=["shorter", "longer", "other"],
)
def test_a_file_that_is_another_is_refused_and_leaves_what_was(tmp_path: Path, served: bytes, message: str) -> None:
    (tmp_path / "a").write_bytes(b"before")
    with serving({"/a": served}) as web, pytest.raises(DigestMismatchError, match=message):
        Fetcher().download(f"{web.url}/a", tmp_path / "a", len(CONTENT), SHA256)
    assert (tmp_path / "a").read_bytes() == b"before"
    assert os.listdir(tmp_path) == ["a"]


@pytest.mark.parametrize("size", [10, 1_000_000])
def test_a_file_that_the_disk_has_no_room_for_is_named(tmp_path: Path, size: int) -> None:
    # Like a full disk, but to be had in any sandbox: no file may grow.
    content = bytes(size)
    (tmp_path / "source").write_bytes(content)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5, limits[1]))
    try:
        with pytest.raises(FetchError) as caught:
            Fetcher().download(str(tmp_path / "source"), tmp_path / "a", size, hashlib.sha256(content).hexdigest())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    said = f"{tmp_path / 'a'} can't be written: File too large; see to the space on that disk and try again"
    assert str(caught.value) == said
    assert os.listdir(tmp_path) == ["source"]


def test_output_that_ends_during_a_download_is_not_taken_for_the_disk(tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(CONTENT)

    def progress(_: int) -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        Fetcher().download(str(tmp_path / "source"), tmp_path / "a", len(CONTENT), SHA256, progress)


def test_a_download_that_was_cut_begins_anew(tmp_path: Path) -> None:
    fetcher, pauses = patient()
    seen: list[int] = []
    with serving({"/a": [Answer(CONTENT, cut=200_000), Answer(CONTENT)]}) as web:
        fetcher.download(f"{web.url}/a", tmp_path / "a", len(CONTENT), SHA256, seen.append)
    assert (tmp_path / "a").read_bytes() == CONTENT
    assert len(pauses) == 1
    assert seen != sorted(seen)


def test_a_folder_that_is_not_there_is_one_clear_line(tmp_path: Path) -> None:
    with serving({"/a": CONTENT}) as web, pytest.raises(FetchError, match="can't be written: No such file"):
        Fetcher().download(f"{web.url}/a", tmp_path / "b/a", len(CONTENT), SHA256)


@pytest.mark.parametrize("packed", [False, True], ids=["folder", "zip"])
def test_a_python_that_names_no_authorities_trusts_those_that_were_bundled(tmp_path: Path, packed: bool) -> None:
    source = Path(certifi.__file__).parent
    program = install(
        tmp_path / "program", "from viberun.client.download import fetch; print(len(fetch._trust().get_ca_certs()))"
    )
    place = program / ".deps/wheel/certifi"
    place.mkdir(parents=True)
    for name in ("__init__.py", "core.py", "cacert.pem"):
        (place / name).write_bytes((source / name).read_bytes())
    if packed:
        program = Path(shutil.make_archive(str(tmp_path / "packed"), "zip", program))
    # A Python whose OpenSSL looks in places that are not there.
    start = (
        "import runpy, ssl, sys, types; sys.path[:0] = [sys.argv[1], sys.argv[1] + '/.deps/wheel'];"
        "ssl.get_default_verify_paths = lambda: types.SimpleNamespace(cafile=None, capath=None);"
        "ssl.create_default_context = lambda: ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT);"
        "runpy.run_path(sys.argv[1], run_name='__main__')"
    )
    command = [sys.executable, "-I", "-S", "-B", "-c", start, str(program)]
    ended = subprocess.run(command, env={}, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert int(ended.stdout) > 50
