"""The client against servers of other days: what both know works, and what is not known is one line."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.compatibility.answers.servers import FURTHER, PAST, TOO_FAR, answers, script
from tests.unit.viberun.client.hosts import Host, release
from tests.unit.viberun.client.stage import NEWER, Viberun
from tests.unit.viberun.installed import BUILD, START, install, run
from viberun.client.host.remote import Remote
from viberun.client.host.ssh import Connection

ALL = [*PAST, FURTHER]


def name(path: Path) -> str:
    return path.stem


@pytest.fixture
def ready(host: Host, viberun: Viberun) -> Viberun:
    """The host of the last setup."""
    folder = host.home / ".config/viberun"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text('{"host": "me@box"}')
    return viberun


def errors(said: str) -> list[str]:
    return [line for line in said.splitlines() if "something new" not in line]


@pytest.mark.parametrize("path", ALL, ids=name)
def test_apps_are_listed_and_programs_get_all_that_the_server_says(host: Host, ready: Viberun, path: Path) -> None:
    host.install(BUILD.version, script(path))
    done = ready("apps")
    assert done.returncode == 0, done.stderr
    assert re.search(r"^demo  +running  +ghcr.io/owner/name/viberun:dev +20000  behind: ", done.stdout, re.M)
    assert json.loads(ready("apps", "--json").stdout) == answers(path)["apps list"]


@pytest.mark.parametrize("path", ALL, ids=name)
@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("vibe demo", "demo is running on me@box"),
        ("apps update demo", "demo runs 0.0.0-dev.20260125123045+abc1234"),
        ("logs demo", "first"),
        ("rm demo --yes", "demo is removed"),
    ],
)
def test_apps_are_worked_with(host: Host, ready: Viberun, path: Path, command: str, says: str) -> None:
    host.install(BUILD.version, script(path))
    done = ready(*command.split())
    assert (done.returncode, says in done.stdout) == (0, True), (done.stdout, done.stderr)


@pytest.mark.parametrize("path", ALL, ids=name)
def test_the_host_is_reported(host: Host, ready: Viberun, path: Path) -> None:
    host.install(BUILD.version, script(path))
    done = ready("channel", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)["host"]
    assert found["server"]["version"] == BUILD.version.semver
    assert {image["name"]: image["behind"] for image in found["images"]}["viberun"] is False


@pytest.mark.parametrize("path", ALL, ids=name)
def test_a_host_is_set_up_and_its_images_pulled(host: Host, viberun: Viberun, path: Path) -> None:
    release(viberun.channel, BUILD, script(path))
    done = viberun("setup", "me@box")
    assert (done.returncode, errors(done.stderr)) == (0, [])
    assert "me@box is ready." in done.stdout
    assert "  images  viberun (pulled), viberun-proxy (present)" in done.stdout
    assert json.loads((host.root / "state/setup.json").read_text())["images_result"] == "complete"


@pytest.mark.parametrize("path", [*ALL, TOO_FAR], ids=name)
def test_a_server_of_any_day_is_updated(host: Host, ready: Viberun, path: Path) -> None:
    host.install(BUILD.version, script(path))
    release(ready.channel, NEWER)
    done = ready("update", client="newer")
    assert done.returncode == 0, done.stderr
    assert f"viberun-server is {NEWER.version} (was {BUILD.version})" in done.stdout


@pytest.mark.parametrize("path", [FURTHER, TOO_FAR], ids=name)
def test_a_client_goes_back_from_a_server_of_any_day(host: Host, ready: Viberun, path: Path) -> None:
    newer = script(path, **{BUILD.version.semver: NEWER.version.semver})
    host.install(NEWER.version, newer)
    done = ready("update", "--yes", VIBERUN_SERVER_VERSION=BUILD.version.semver)
    assert done.returncode == 0, done.stderr
    assert f"viberun-server is {BUILD.version} (was {NEWER.version})" in done.stdout


@pytest.mark.parametrize("command", ["apps", "vibe demo --no-update", "logs demo", "rm demo --yes", "update"])
def test_a_server_that_means_something_else_is_one_line_with_the_way_to_update(
    host: Host, ready: Viberun, command: str
) -> None:
    newer = script(TOO_FAR, **{BUILD.version.semver: NEWER.version.semver})
    host.install(NEWER.version, newer)
    done = ready(*command.split(), VIBERUN_INSTALL_METHOD="uvx")
    assert done.returncode == 1
    assert errors(done.stderr) == [
        f"viberun: this client is too old for the server on me@box ({NEWER.version});"
        " update it with 'uvx viberun-dev@latest'"
    ]


def test_an_exit_status_that_is_not_known_comes_through_with_the_server_s_line(host: Host, ready: Viberun) -> None:
    sleeps = "'apps list'*) echo 'viberun-server: it sleeps; wake it' >&2; exit 42;"
    host.install(BUILD.version, script(FURTHER).replace("'apps list'*) ", sleeps))
    done = ready("apps")
    assert (done.returncode, errors(done.stderr)) == (42, ["viberun: me@box: it sleeps; wake it"])


@pytest.mark.parametrize("arguments", [["apps", "pause", "demo"], ["apps", "create", "demo", "--from", "x"], ["dns"]])
def test_what_an_older_server_does_not_know_is_one_line_with_the_way_to_update(
    tmp_path: Path, arguments: list[str]
) -> None:
    server = run(install(tmp_path, START.format(program="server")), *arguments, "--json")
    error = Remote(Connection("me@box", {})).failure(server.returncode, server.stderr)
    assert re.fullmatch(
        r"the server on me@box does not know what this client asks for \(.+\); run 'viberun update me@box'", str(error)
    )
    assert error.exit_code == 2
