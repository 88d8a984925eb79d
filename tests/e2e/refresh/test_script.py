"""The install script and `viberun upgrade`, with real clients: they lay out the same, and each goes on from the other."""

import hashlib
import subprocess
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.e2e.refresh.conftest import Person
from tests.e2e.refresh.releases import Release


@pytest.fixture
def channel(tmp_path: Path, older: Release) -> Path:
    older.put(tmp_path / "channel")
    return tmp_path / "channel"


@pytest.fixture
def url(channel: Path) -> Iterator[str]:
    class Handler(SimpleHTTPRequestHandler):
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments, directory=str(channel))  # type: ignore[arg-type]

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def person(home: Path, url: str) -> Person:
    variables = {
        "VIBERUN_CHANNEL_URL": url,
        "VIBERUN_INSTALL_DIR": str(home / "lib"),
        "VIBERUN_INSTALL_BIN": str(home / "bin"),
    }
    return Person(home, f"{home}/bin:/usr/bin:/bin", variables)


def install(person: Person, release: Release) -> str:
    """As the README says, with the script of that release."""
    (name,) = [file["name"] for file in release.manifest["files"] if file["kind"] == "install"]
    return person.gets(f"curl -fsSL $VIBERUN_CHANNEL_URL/{name} | sh")


def layout(home: Path) -> dict[str, str]:
    files = [path for folder in ("lib", "bin") for path in (home / folder).rglob("*") if path.is_file()]
    return {
        str(path.relative_to(home)): f"{path.stat().st_mode:o} {hashlib.sha256(path.read_bytes()).hexdigest()}"
        for path in files
    }


def test_upgrade_and_script_lay_out_the_same(
    person: Person, channel: Path, older: Release, newer: Release, tmp_path: Path
) -> None:
    install(person, older)
    assert person.gets("viberun --version") == older.version
    assert person.gets("viberun upgrade").endswith(f"viberun is {older.version}: up to date.")
    newer.put(channel)
    assert f"viberun {newer.version} is there: 'viberun upgrade' installs it." in person.gets("viberun upgrade --check")
    assert person.gets("viberun --version") == older.version
    assert f"viberun is {newer.version} (was {older.version})" in person.gets("viberun upgrade")
    assert person.gets("viberun --version") == newer.version
    upgraded = layout(person.home)
    subprocess.run(["rm", "-r", person.home / "lib", person.home / "bin"], check=True)
    older.put(channel)
    install(person, older)
    newer.put(channel)
    install(person, newer)
    assert layout(person.home) == upgraded
    assert sorted(upgraded) == sorted(
        ["bin/viberun", "lib/viberun.previous", *(f"lib/{r.spelt('oci')}/viberun" for r in (older, newer))]
    )


def test_upgrade_goes_to_a_version_and_back(person: Person, channel: Path, older: Release, newer: Release) -> None:
    install(person, older)
    newer.put(channel)
    person.gets("viberun upgrade")
    person.gets(f"viberun upgrade --to {older.version}")
    assert person.gets("viberun --version") == older.version
    assert person.gets(f"{person.home}/lib/viberun.previous --version") == newer.version


def test_the_client_says_that_it_is_behind_and_how_to_update(
    person: Person, channel: Path, older: Release, newer: Release
) -> None:
    install(person, older)
    newer.put(channel)
    said = person.gets("viberun channel")
    assert f"client   {older.version} behind (dev, installed by script)" in said
    assert said.endswith("To update this client:     viberun upgrade")
