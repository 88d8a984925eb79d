"""The servers that tests of releases stand on: each starts, keeps out who has no password, and is gone afterwards."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
import requests

from tests.release.servers import verdaccio
from tests.release.servers.docker_registry import DockerRegistry
from tests.release.servers.process import NotReadyError, Server
from tests.release.servers.pypi_server import PypiServer
from tests.release.servers.verdaccio import Verdaccio

USERS = {"maintainer": "s3cret"}


def environment() -> dict[str, str]:
    """With Node.js and npm."""
    return {**os.environ, "PATH": f"{os.environ['VIBERUN_NODE']}/bin:{os.environ['PATH']}"}


@pytest.fixture(scope="session")
def script() -> Path:
    return verdaccio.script()


def check_gone(server: Server) -> None:
    with pytest.raises(requests.ConnectionError):
        requests.get(server.url, timeout=5)


def test_a_docker_registry_lets_nobody_in_without_the_password(tmp_path: Path) -> None:
    with DockerRegistry(tmp_path, users=USERS) as registry:
        statuses = [
            requests.get(f"{registry.url}/v2/", auth=auth, timeout=5).status_code
            for auth in (None, ("maintainer", "wrong"), ("maintainer", "s3cret"))
        ]
    assert statuses == [401, 401, 200]
    check_gone(registry)


def test_a_python_index_takes_a_file_once_and_from_who_has_the_password(tmp_path: Path) -> None:
    fields = {":action": "file_upload", "name": "demo", "version": "1"}

    def upload(url: str, auth: tuple[str, str] | None) -> int:
        files = {"content": ("demo-1-py3-none-any.whl", b"wheel")}
        return requests.post(url, data=fields, files=files, auth=auth, timeout=5).status_code

    with PypiServer(tmp_path, USERS) as index:
        logins = (None, ("maintainer", "wrong"), ("maintainer", "s3cret"), ("maintainer", "s3cret"))
        statuses = [upload(index.upload_url, auth) for auth in logins]
        page = requests.get(f"{index.index_url}demo/", timeout=5).text
    assert statuses == [401, 403, 200, 409]
    assert "#sha256=" in page
    check_gone(index)


def npm(folder: Path, environ: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["npm", *arguments, f"--userconfig={folder / '.npmrc'}", f"--cache={folder / 'cache'}"]
    return subprocess.run(command, cwd=folder, env=dict(environ), capture_output=True, text=True, timeout=120)


def test_npm_publishes_to_verdaccio_with_the_password_and_asks_nobody_else(tmp_path: Path, script: Path) -> None:
    package, served = tmp_path / "package", tmp_path / "served"
    package.mkdir()
    served.mkdir()
    (package / "package.json").write_text('{"name": "viberun-demo", "version": "1.0.0"}')
    environ = environment()
    with Verdaccio(served, script, USERS, environ) as registry:
        (package / ".npmrc").write_text(registry.npmrc(None))
        assert "ENEEDAUTH" in npm(package, environ, "publish").stderr
        (package / ".npmrc").write_text(registry.npmrc("maintainer"))
        published = npm(package, environ, "publish", "--tag", "dev")
        assert published.returncode == 0, published.stderr
        assert npm(package, environ, "view", "viberun-demo@dev", "version").stdout.strip() == "1.0.0"
        again = npm(package, environ, "publish", "--tag", "dev").stderr
        assert "cannot publish over the previously published versions" in again
        assert requests.get(f"{registry.url}/left-pad", timeout=5).status_code == 404
    check_gone(registry)


class Broken(Server):
    name = "broken"

    def command(self) -> list[str]:
        return ["sh", "-c", "echo out of order >&2; exit 3"]


def test_a_server_that_does_not_start_says_why(tmp_path: Path) -> None:
    with pytest.raises(NotReadyError, match="out of order"):
        Broken(tmp_path).start()


class Missing(Broken):
    def command(self) -> list[str]:
        return ["no-such-server"]


def test_a_server_whose_program_is_missing_is_no_skipped_test(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no-such-server"):
        Missing(tmp_path).start()


def test_children_of_a_server_end_with_it(tmp_path: Path) -> None:
    class Parent(Server):
        name = "parent"

        def command(self) -> list[str]:
            serve = f"python3 -m http.server --bind 127.0.0.1 {self.port}"
            return ["sh", "-c", f"trap '' TERM; {serve} & trap - TERM; wait"]

    with Parent(tmp_path) as parent:
        assert requests.get(parent.url, timeout=5).status_code == 200
    check_gone(parent)
