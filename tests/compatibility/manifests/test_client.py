"""The client as it is built, one executable, against the manifests of every schema there was, and of tomorrow."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.compatibility.manifests.channels import make_channel
from tests.compatibility.manifests.manifest import PAST, TOMORROW
from tests.unit.viberun.client.hosts import Host, make_host
from tests.unit.viberun.client.stage import only
from tests.unit.viberun.installed import BUILD

VIBERUN = os.environ["VIBERUN_LINUX_AMD64"]

(MEANING,) = (path for path in TOMORROW if path.stem == "meaning")
READ = pytest.mark.parametrize(
    "path", [path for path in (*PAST, *TOMORROW) if path != MEANING], ids=lambda path: path.stem
)


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return make_host(tmp_path)


@pytest.fixture
def channel(tmp_path: Path) -> Path:
    (tmp_path / "channel").mkdir()
    return tmp_path / "channel"


def viberun(host: Host, channel: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    environ = {**host.environ, "VIBERUN_CHANNEL_URL": str(channel), **more}
    return subprocess.run(
        [VIBERUN, *arguments],
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def by_script(host: Host) -> dict[str, str]:
    """How the install script's launcher starts a client."""
    folders = {name: host.home / name for name in ("lib", "bin")}
    for folder in folders.values():
        folder.mkdir(exist_ok=True)
    return {
        "VIBERUN_INSTALL_METHOD": "script",
        "VIBERUN_INSTALL_DIR": str(folders["lib"]),
        "VIBERUN_INSTALL_BIN": str(folders["bin"]),
    }


@READ
def test_a_host_is_set_up_and_reported(host: Host, channel: Path, path: Path) -> None:
    version = make_channel(channel, path, later=True)
    done = viberun(host, channel, "setup", "me@box")
    assert (done.returncode, done.stderr) == (0, "")
    assert "me@box is ready." in done.stdout
    found = viberun(host, channel, "channel", "--json")
    assert found.returncode in (0, 1), found.stderr
    report = json.loads(found.stdout)
    assert (report["channel"]["newest"], report["channel"]["problem"]) == (version.semver, None)
    assert (report["client"]["behind"], report["host"]["server"]["behind"]) == (True, False)


@READ
def test_a_server_is_updated(host: Host, channel: Path, path: Path) -> None:
    make_channel(channel, PAST[0])
    assert viberun(host, channel, "setup", "me@box").returncode == 0
    version = make_channel(channel, path, later=True)
    done = viberun(host, channel, "update")
    assert done.returncode == 0, done.stderr
    assert f"viberun-server is {version} (was " in done.stdout


@READ
def test_the_client_upgrades_itself(host: Host, channel: Path, path: Path) -> None:
    version = make_channel(channel, path, later=True)
    checked = viberun(host, channel, "upgrade", "--check", **by_script(host))
    assert (checked.returncode, checked.stderr) == (0, "")
    assert checked.stdout == f"viberun {version} is there: 'viberun upgrade' installs it.\n"
    done = viberun(host, channel, "upgrade", **by_script(host))
    assert done.returncode == 0, done.stderr
    says = subprocess.run([host.home / "bin/viberun"], capture_output=True, text=True, check=True).stdout
    assert says == f"{version}\n"


@pytest.mark.parametrize(
    ("method", "way"),
    [
        ("npm", "update it with 'npm install --prefer-online -g viberun@dev'"),
        ("uvx", "update it with 'uvx viberun-dev@latest'"),
        (
            "script",
            "run 'curl -fsSL https://github.com/example/viberun/raw/main/install.sh | sh -s -- --from example/viberun --dev'",
        ),
        ("", "update it with 'npx --prefer-online -y viberun@dev'"),
    ],
)
@pytest.mark.parametrize("command", ["setup me@box", "update me@box", "upgrade --check", "channel"])
def test_a_meaning_that_is_not_known_is_one_line_with_the_way_to_update(
    host: Host, channel: Path, command: str, method: str, way: str
) -> None:
    make_channel(channel, MEANING)
    host.install(BUILD.version)
    done = viberun(host, channel, *command.split(), VIBERUN_INSTALL_METHOD=method)
    assert only(done, 1) == (
        "viberun: channel.json: takes a reader of schema 5, and this viberun reads schema 1;"
        f" {way.format(channel=channel)}"
    )
