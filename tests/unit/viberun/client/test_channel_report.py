from __future__ import annotations

import io
import json
import shutil
import subprocess
from datetime import datetime, timezone
from pathlib import Path

import pytest

from tests.unit.viberun.client.hosts import Host, build_at, make_host, release
from tests.unit.viberun.client.vouched import ROOT, certificate, signature
from tests.unit.viberun.client.web import serving
from tests.unit.viberun.installed import BUILD, START, install, run
from viberun.client.channel_report import ChannelState, Client, Report, show
from viberun.client.screen import Screen

OLDER, NEWER = build_at(-30), build_at(30)
IMAGES = """case $2 in status)
echo '{"images": [{"name": "viberun", "ref": "ghcr.io/owner/name/viberun:dev", "digest": "sha256:DIGEST",
 "version": "VERSION", "size": 1}, {"name": "viberun-proxy", "ref": "mine:1", "digest": null, "version": null, "size": null}]}' |
 tr -d '\\n'; echo ;;
esac
"""


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return make_host(tmp_path)


@pytest.fixture(scope="session")
def client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install(tmp_path_factory.mktemp("client") / "now", START.format(program="client"), BUILD)


def channel(client: Path, host: Host, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environ = {**host.environ, "VIBERUN_CHANNEL_URL": str(host.home / "channel"), **variables}
    return run(client, "channel", *arguments, env=environ, stdin=subprocess.DEVNULL)


def images(host: Host, digit: str) -> None:
    host.has("answers/images", IMAGES.replace("DIGEST", digit * 64).replace("VERSION", BUILD.version.semver))


def test_a_new_client_is_told_that_there_is_no_host(client: Path, host: Host) -> None:
    release(host.home / "channel", BUILD)
    done = channel(client, host, VIBERUN_INSTALL_METHOD="npm")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        f"client   {BUILD.version} (dev, installed by npm)\n"
        f"channel  {BUILD.version} at {host.home}/channel\n"
        "         not signed: a folder of this machine\n"
        "host     none yet: 'viberun setup me@host' sets one up\n"
    )


def test_what_is_behind_is_marked_with_the_commands_that_help(client: Path, host: Host) -> None:
    release(host.home / "channel", NEWER)
    host.install(OLDER.version)
    images(host, "4")
    done = channel(client, host, "me@box", VIBERUN_INSTALL_METHOD="script")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        f"client   {BUILD.version} behind (dev, installed by script)\n"
        f"channel  {NEWER.version} at {host.home}/channel\n"
        "         not signed: a folder of this machine\n"
        "host     me@box\n"
        f"  server {OLDER.version} behind\n"
        f"  image  viberun {BUILD.version} behind\n"
        "  image  viberun-proxy not there\n"
        "\n"
        "To update this client:     viberun upgrade\n"
        "To update server and images: viberun update me@box (after the client)\n"
    )


def test_programs_get_one_object(client: Path, host: Host) -> None:
    release(host.home / "channel", BUILD)
    host.install(BUILD.version)
    images(host, "5")
    done = channel(client, host, "me@box", "--json")
    assert done.stdout.count("\n") == 1
    assert json.loads(done.stdout) == {
        "client": {
            "version": BUILD.version.semver,
            "channel": "dev",
            "commit": BUILD.commit,
            "repository": "owner/name",
            "method": "",
            "behind": False,
            "update": "npx --prefer-online -y viberun@dev",
        },
        "channel": {
            "place": f"{host.home}/channel",
            "newest": BUILD.version.semver,
            "commit": BUILD.commit,
            "signed": None,
            "not_signed": "not signed: a folder of this machine",
            "warning": None,
            "problem": None,
        },
        "host": {
            "name": "me@box",
            "server": {"version": BUILD.version.semver, "protocol": 1, "behind": False},
            "images": [
                {
                    "name": "viberun",
                    "ref": "ghcr.io/owner/name/viberun:dev",
                    "digest": f"sha256:{'5' * 64}",
                    "version": BUILD.version.semver,
                    "behind": False,
                },
                {"name": "viberun-proxy", "ref": "mine:1", "digest": None, "version": None, "behind": None},
            ],
            "problem": None,
        },
    }


def test_who_signed_is_shown(tmp_path: Path, host: Host, client: Path) -> None:
    program = tmp_path / "program"
    shutil.copytree(client, program)
    (program / "viberun/trusted_root.json").write_text(ROOT)
    made = release(tmp_path / "channel", BUILD)
    pages = {f"/{file.name}": file.read_bytes() for file in (tmp_path / "channel").iterdir()}
    trusted, tls = certificate(tmp_path)
    today = f"{datetime.now(timezone.utc):%Y-%m-%d}"
    with serving({**pages, f"/{made.signature_name}": signature(made)}, tls) as web:
        variables = {"VIBERUN_CHANNEL_URL": web.url, "SSL_CERT_FILE": str(trusted)}
        done = channel(program, host, **variables)
        said = json.loads(channel(program, host, "--json", **variables).stdout)["channel"]
    assert (done.returncode, done.stderr) == (0, "")
    line = f"signed by owner/name's release workflow, run 4711, on {today} (its commit is of 2026-01-25)"
    assert done.stdout.splitlines()[2].strip() == line
    at, log_index = said["signed"].pop("at"), said["signed"].pop("log_index")
    assert (at[:10], at[-1], type(log_index)) == (today, "Z", int)
    assert said["signed"] == {
        "by": "owner/name",
        "commit": BUILD.commit,
        "committed": BUILD.committed,
        "run": "https://github.com/owner/name/actions/runs/4711/attempts/1",
    }
    assert said["not_signed"] is None


def test_that_a_channel_may_be_held_back_is_a_warning() -> None:
    state = ChannelState("p", "1.2.3", "c", not_signed="not signed: here", warning="main has a commit")
    out, err = io.StringIO(), io.StringIO()
    client = Client("1.2.3", "dev", "c", None, "", False, "")
    found = Report(client, state, None)
    show(found, Screen(out, err, {}))
    assert (err.getvalue(), found.problems) == ("viberun: warning: main has a commit\n", [])


def test_the_remembered_host_is_asked(client: Path, host: Host) -> None:
    release(host.home / "channel", BUILD)
    host.install(BUILD.version)
    images(host, "5")
    (host.home / ".config/viberun").mkdir(parents=True)
    (host.home / ".config/viberun/config.json").write_text('{"host": "me@box"}')
    assert "host     me@box\n" in channel(client, host).stdout


def test_what_can_not_be_asked_is_a_problem_and_the_rest_is_told(client: Path, host: Host) -> None:
    done = channel(client, host, "me@box")
    assert done.returncode == 1
    assert f"client   {BUILD.version} (dev)\n" in done.stdout
    first, second = done.stderr.splitlines()
    assert first.startswith("viberun: there is no release: ")
    assert second == "viberun: there is no viberun-server on me@box; run 'viberun setup me@box'"
    host.has("refuses", "ssh: connect to host box port 22: Connection refused\n")
    done = channel(client, host, "me@box", "--json")
    found = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (1, "")
    assert "refuses the connection" in found["host"]["problem"]
    assert (found["host"]["server"], found["channel"]["newest"], found["client"]["behind"]) == (None, None, None)


def test_a_server_that_says_nothing_that_can_be_read_is_of_an_unknown_version(client: Path, host: Host) -> None:
    release(host.home / "channel", BUILD)
    host.install(BUILD.version, "#!/bin/sh\necho 7\n")
    done = channel(client, host, "me@box")
    assert "  server of an unknown version\n" in done.stdout
    assert done.returncode == 1


def test_a_user_who_can_not_become_root_is_a_problem_of_the_host_alone(client: Path, host: Host) -> None:
    release(host.home / "channel", BUILD)
    host.install(BUILD.version)
    host.has("no-sudo", "")
    done = channel(client, host, "me@box")
    assert (done.returncode, done.stderr) == (
        1,
        "viberun: sudo on me@box asks for a password, or does not let you; log in as root, or let your user run"
        " sudo without one (NOPASSWD in /etc/sudoers.d)\n",
    )
    assert "host     me@box: no answer\n" in done.stdout
