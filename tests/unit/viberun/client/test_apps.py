"""The commands on apps, from the command line to what a host is asked."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.viberun.client.hosts import Host
from tests.unit.viberun.client.stage import NEWER, OLDER, Viberun, only
from tests.unit.viberun.client.web import Answer, serving
from tests.unit.viberun.installed import BUILD, install, run
from viberun.client.host.ssh import Connection
from viberun.client.host.ssh_errors import SshError


@pytest.fixture
def ready(host: Host, viberun: Viberun) -> Viberun:
    """A host with a server and an app, which is the one that is remembered."""
    host.install(BUILD.version)
    host.has("apps/demo", "running\n")
    folder = host.home / ".config/viberun"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text('{"host": "me@box"}')
    return viberun


def calls(host: Host) -> list[str]:
    """How ssh was called, but for what goes on in the background."""
    return [line.split("|")[0] for line in host.log() if "update-check" not in line]


def test_apps_are_listed_for_people_and_for_programs(host: Host, ready: Viberun) -> None:
    assert re.search(r"^demo  running  i:dev +20000$", ready("apps").stdout, re.M)
    assert json.loads(ready("apps", "--json").stdout)["apps"][0]["name"] == "demo"
    host.has("behind", "")
    assert "20000  behind: viberun apps update demo\n" in ready("apps").stdout


def test_a_command_that_asks_no_channel_does_not_import_what_asks_one(tmp_path: Path) -> None:
    lines = (
        "import sys",
        "from viberun.client import commands",
        "print(*sys.modules)",
    )
    ended = run(install(tmp_path, "\n".join(lines)))
    assert ended.stderr == ""
    loaded = set(ended.stdout.split())
    assert "viberun.client.apps" in loaded
    assert not loaded & {
        "ssl",
        "http.client",
        "urllib.request",
        "viberun.client.download.fetch",
        "viberun.client.download.resolver",
        "webbrowser",
    }


def test_what_the_server_says_on_the_way_is_shown_in_the_client_s_words(host: Host, ready: Viberun) -> None:
    said = "Warning: a banner\nviberun-server: note: app 'b': no record; remove it with 'viberun-server apps rm b'\n"
    host.has("note", said)
    done = ready("apps")
    assert "demo  running" in done.stdout
    assert only(done, 0) == "viberun: me@box: app 'b': no record; remove it with 'viberun rm b'"


def test_what_the_server_waits_for_is_shown_while_it_waits(host: Host, ready: Viberun) -> None:
    host.has("note", "viberun-server: note: waiting for another viberun (apps update demo, process 7)\n")
    host.has("busy", "")
    environ = {**host.environ, "VIBERUN_CHANNEL_URL": str(ready.channel)}
    command = [sys.executable, "-I", "-S", "-B", str(ready.clients["now"]), "apps", "update", "demo"]
    with subprocess.Popen(command, env=environ, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr
            assert select.select([process.stderr], [], [], 20)[0], "it says nothing"
            line = process.stderr.readline()
            assert line == "viberun: me@box: waiting for another viberun (apps update demo, process 7)\n"
            assert process.poll() is None
        finally:
            (host.root / "busy").unlink()
        assert process.wait(30) == 0


def test_no_apps_are_told_with_what_to_do(host: Host, ready: Viberun) -> None:
    (host.root / "apps/demo").unlink()
    assert ready("apps").stdout == "There are no apps on me@box. Next: 'viberun vibe APP' makes one and opens it.\n"


def test_vibe_makes_the_app_and_attaches(host: Host, ready: Viberun) -> None:
    status, shown = ready.typed("", "vibe", "new")
    assert (status, host.log("apps/new")) == (0, ["running"])
    assert "attached to new\n" in shown
    assert "new goes on. 'viberun vibe new' comes back to it" in shown
    assert calls(host) == ["open", "run", "run", "attach", "exit"]


def test_vibe_without_a_terminal_starts_the_app_alone(host: Host, ready: Viberun) -> None:
    done = ready("vibe", "new")
    assert (done.returncode, host.log("apps/new")) == (0, ["running"])
    assert "run 'viberun vibe new' on one" in done.stdout
    assert not any(line.startswith("attach") for line in host.log())


@pytest.mark.parametrize(("keys", "answer"), [("\n", True), ("y\n", True), ("what\nn\n", False), ("\x04", False)])
def test_vibe_asks_whether_to_update_an_older_server(host: Host, ready: Viberun, keys: str, answer: bool) -> None:
    host.install(OLDER.version)
    status, shown = ready.typed(keys, "vibe", "demo")
    assert status == 0, shown
    assert f"Server is {OLDER.version}. Update to {BUILD.version}? \033[0m [Y/n]".replace(" \033", "\033") in shown
    assert "attached to demo" in shown
    assert (BUILD.version.semver in host.server.read_text()) == answer
    assert (f"the server on me@box is {OLDER.version}" in shown) == (not answer)


def test_vibe_works_where_the_channel_cannot_be_reached(host: Host, ready: Viberun) -> None:
    host.install(OLDER.version)
    for file in ready.channel.iterdir():
        file.unlink()
    status, shown = ready.typed("", "vibe", "demo")
    assert status == 0
    assert "whether the server can be updated is not known: there is no release" in shown
    assert "attached to demo" in shown


@pytest.mark.parametrize(("word", "tries"), [([], 2), (["--yes"], 2), (["--no-update"], 1)])
def test_vibe_asks_a_channel_in_trouble_once_beside_the_look_at_what_is_behind(
    host: Host, ready: Viberun, word: list[str], tries: int
) -> None:
    host.install(OLDER.version)
    with serving({"/channel.json": Answer(status=503)}) as web:
        status, shown = ready.typed("", "vibe", "demo", *word, VIBERUN_CHANNEL_URL=web.url)
        assert (status, web.asked.count("/channel.json")) == (0, tries)
    assert ("whether the server can be updated is not known" in shown) == (tries == 2)
    assert "attached to demo" in shown


@pytest.mark.parametrize(("word", "answer"), [([], False), (["--yes"], True), (["--no-update"], False)])
def test_vibe_without_a_terminal_updates_the_server_where_it_is_told_to(
    host: Host, ready: Viberun, word: list[str], answer: bool
) -> None:
    host.install(OLDER.version)
    done = ready("vibe", "demo", *word)
    assert done.returncode == 0, done.stderr
    assert (BUILD.version.semver in host.server.read_text()) == answer


def test_update_on_a_terminal_takes_enter_for_yes(host: Host, ready: Viberun) -> None:
    host.install(OLDER.version)
    status, shown = ready.typed("\n", "update")
    assert (status, BUILD.version.semver in host.server.read_text()) == (0, True), shown


def test_setup_asks_for_the_host_on_a_terminal(host: Host, viberun: Viberun) -> None:
    status, shown = viberun.typed("you@other\n", "setup")
    assert (
        status,
        "Which host?" in shown,
        "you@other is ready." in shown.replace("\033[1m", "").replace("\033[0m", ""),
    ) == (
        0,
        True,
        True,
    ), shown
    assert {line.split("|")[1] for line in host.log()} == {"you@other"}


def test_no_color_is_respected_on_a_terminal(ready: Viberun) -> None:
    assert "\033[3" in ready.typed("", "apps")[1]
    assert "\033[3" not in ready.typed("", "apps", NO_COLOR="1")[1]


def test_logs_are_what_the_app_printed(ready: Viberun) -> None:
    assert ready("logs", "demo", "--tail", "3", "--follow").stdout == "first\napps logs demo --follow --tail 3\n"


def test_an_app_is_moved_to_the_new_image(host: Host, ready: Viberun) -> None:
    host.has("behind", "")
    assert ready("apps", "update", "demo").returncode == 0
    assert not (host.root / "behind").exists()


def test_rm_asks_and_no_is_the_default(host: Host, ready: Viberun) -> None:
    status, shown = ready.typed("\n", "rm", "demo")
    assert (status, "[y/N]" in shown, host.log("apps/demo")) == (0, True, ["running"])
    assert "stays." in shown
    assert ready.typed("y\n", "rm", "demo")[0] == 0
    assert host.log("apps/demo") == []


def test_rm_without_a_terminal_wants_a_word(host: Host, ready: Viberun) -> None:
    assert "asks first, and there is no terminal to ask on; say --yes" in only(ready("rm", "demo"), 2)
    assert host.log("apps/demo") == ["running"]
    assert ready("rm", "demo", "--yes", "--keep-data").returncode == 0
    assert any("apps rm demo --keep-data --json" in line for line in host.log())


def test_a_home_that_was_kept_can_be_removed_in_the_end(host: Host, ready: Viberun) -> None:
    assert ready("rm", "demo", "--yes", "--keep-data").returncode == 0
    assert json.loads(ready("apps", "--json").stdout) == {"apps": []}
    status, shown = ready.typed("y\n", "rm", "demo")
    assert (status, "Remove demo from me@box" in shown, os.listdir(host.root / "homes")) == (0, True, [])
    assert only(ready("rm", "demo", "--yes"), 4) == "viberun: me@box: there is no app 'demo'; see 'viberun apps'"


@pytest.mark.parametrize("command", [["logs", "no"], ["apps", "update", "no"], ["rm", "no", "--yes"], ["open", "no"]])
def test_an_app_that_is_not_there_is_status_4(ready: Viberun, command: list[str]) -> None:
    assert "there is no app 'no'" in only(ready(*command), 4)


@pytest.mark.parametrize("name", ["A", "-x", "a_b", "a" * 33, "a;b", "", "a\n"])
def test_what_is_no_name_never_gets_to_a_host(host: Host, ready: Viberun, name: str) -> None:
    assert only(ready("vibe", "--", name), 2)
    assert host.log() == []


def test_without_a_host_one_is_told_how_to_get_one(viberun: Viberun) -> None:
    for command in (["apps"], ["vibe", "demo"], ["logs", "demo"], ["open", "demo"], ["rm", "demo"], ["update"]):
        assert only(viberun(*command), 2) == "viberun: there is no host yet; run 'viberun setup user@host'"


def test_a_host_can_be_named(host: Host, ready: Viberun) -> None:
    assert ready("apps", "--host", "other").returncode == 0
    assert ready("apps", "update", "demo", "--host", "other").returncode == 0
    assert {line.split("|")[1] for line in host.log()} == {"other"}


def test_a_host_without_a_server_says_what_to_run(host: Host, ready: Viberun) -> None:
    host.server.unlink()
    assert only(ready("apps"), 1) == "viberun: there is no viberun-server on me@box; run 'viberun setup me@box'"


@pytest.mark.parametrize(
    ("protocol", "line"),
    [
        (3, "this client is too old for the server on me@box (9.9.9); update it with 'viberun upgrade'"),
        ("null", "does not say"),
    ],
)
def test_a_server_too_far_away_is_one_line(host: Host, ready: Viberun, protocol: object, line: str) -> None:
    host.has("answers/version", f'echo \'{{"version": "9.9.9", "protocol": {protocol}}}\'\n')
    assert line in only(ready("apps", VIBERUN_INSTALL_METHOD="script"), 1)


@pytest.mark.parametrize("protocol", [2, 4])
def test_further_apart_they_work_together_where_the_newer_understands_the_older(
    host: Host, ready: Viberun, protocol: int
) -> None:
    answer = f'{{"version": "{BUILD.version}", "protocol": {protocol}, "oldest_protocol": 1}}'
    host.has("answers/version", f"echo '{answer}'\n")
    assert ready("apps").returncode == 0


def test_open_forwards_until_it_is_interrupted(host: Host, ready: Viberun) -> None:
    environ = {**host.environ, "VIBERUN_CHANNEL_URL": str(ready.channel)}
    command = [sys.executable, "-I", "-S", "-B", str(ready.clients["now"]), "open", "demo", "--port", "34567"]
    with subprocess.Popen(command, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "demo is at http://127.0.0.1:34567/ until Ctrl-C.\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    assert calls(host) == ["open", "run", "run", "forward", "run", "cancel", "exit"]
    assert "-L 127.0.0.1:34567:127.0.0.1:20000" in " ".join(host.log("options.log"))


def test_the_forwardings_of_the_user_are_never_asked_for(host: Host, ready: Viberun) -> None:
    with Connection("box", {**os.environ, **host.environ}) as connection, connection.forwarded(34567, 20000):
        connection.call(["true"])
        connection.interactive(["true"])
    controls = [line for line in host.log("options.log") if " -O " in line]
    others = [line for line in host.log("options.log") if " -O " not in line]
    assert (len(controls), len(others)) == (3, 4)
    # What is asked of a connection that stands can't clear forwardings: its own are such.
    assert all(" -F /dev/null " in line and "ClearAllForwardings" not in line for line in controls)
    assert all("ClearAllForwardings=yes" in line for line in others)


def test_a_connection_that_has_gone_is_not_made_anew_for_each_command(host: Host, short: Path) -> None:
    environ = {**os.environ, **host.environ, "XDG_RUNTIME_DIR": str(short)}
    with Connection("box", environ) as connection:
        (socket,) = short.glob("*/c")
        socket.unlink()
        with pytest.raises(SshError, match="the connection to box was lost"):
            connection.call(["true"])
        with pytest.raises(SshError, match="the connection to box was lost"):
            connection.interactive(["true"])
    assert calls(host) == ["open"]


@pytest.mark.parametrize("status", [0, 1, 255])
def test_open_ends_with_its_connection(host: Host, ready: Viberun, status: int) -> None:
    ssh = host.root / "client/ssh"
    lost = f"case $command in cat) exit {status} ;; esac\nPATH="
    ssh.write_text(ssh.read_text().replace("PATH=", lost, 1))
    done = ready("open", "demo")
    assert "the connection to me@box was lost; run the same command again" in only(done, 7)
    (held,) = [line for line in host.log("options.log") if "ProxyCommand=exit 1" in line]
    assert "ControlPath=" in held


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_whatever_ends_it_the_connection_is_closed(
    host: Host, ready: Viberun, number: signal.Signals, short: Path
) -> None:
    environ = {**host.environ, "VIBERUN_CHANNEL_URL": str(ready.channel), "XDG_RUNTIME_DIR": str(short)}
    command = [sys.executable, "-I", "-S", "-B", str(ready.clients["now"]), "open", "demo"]
    with subprocess.Popen(command, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        process.stdout.readline()
        process.send_signal(number)
        assert process.wait(30) == 128 + number
    assert host.log()[-1].startswith("exit|")
    assert os.listdir(short) == []


def test_bare_viberun_on_a_terminal_shows_where_one_is(host: Host, ready: Viberun) -> None:
    status, shown = ready.typed("", NO_COLOR="1")
    assert status == 0
    for part in ("me@box\n", f"  client  {BUILD.version}\n", f"  server  {BUILD.version}\n", "demo  running", "Next: "):
        assert part in shown


def test_bare_viberun_before_there_is_a_host(viberun: Viberun) -> None:
    status, shown = viberun.typed("", NO_COLOR="1")
    assert (status, "Next: 'viberun setup user@host'" in shown) == (0, True)


# --- what is behind


def test_a_client_behind_its_server_hears_it_in_one_line(host: Host, ready: Viberun) -> None:
    host.install(NEWER.version)
    line = only(ready("apps", VIBERUN_INSTALL_METHOD="uvx"), 0)
    assert line == (
        f"viberun: this client ({BUILD.version}) is behind the server on me@box ({NEWER.version});"
        " update it with 'uvx viberun-dev@latest'"
    )


def test_an_older_server_is_one_line_for_other_commands(host: Host, ready: Viberun) -> None:
    host.install(OLDER.version)
    line = only(ready("apps"), 0)
    assert (
        line
        == f"viberun: the server on me@box is {OLDER.version}, this client {BUILD.version}; run 'viberun update me@box'"
    )


def test_apps_behind_the_registry_are_one_line_and_asked_for_once_an_hour(host: Host, ready: Viberun) -> None:
    host.has("behind", "")
    for _ in range(3):
        assert "there is a newer image for demo; run 'viberun update me@box'" in only(ready("apps"), 0)
    assert len([line for line in host.log() if "update-check" in line]) == 1


@pytest.mark.parametrize(
    "command", [["apps", "update", "demo"], ["rm", "demo", "--yes"], ["update"], ["setup", "me@box"]]
)
def test_what_a_command_changed_is_not_said_to_be_behind_and_asked_for_anew(
    host: Host, ready: Viberun, command: list[str]
) -> None:
    host.has("behind", "")
    assert "there is a newer image for demo" in only(ready("apps"), 0)
    done = ready(*command)
    assert (done.returncode, done.stderr) == (0, "")
    (host.root / "behind").unlink(missing_ok=True)
    done = ready("apps")
    assert (done.returncode, done.stderr) == (0, "")
    assert len([line for line in host.log() if "update-check" in line]) == 2


def test_a_registry_that_does_not_answer_holds_nobody_up(host: Host, ready: Viberun, tmp_path: Path) -> None:
    host.has("answers/update-check", "sleep 20\n")
    begun = time.monotonic()
    done = ready("apps")
    once = time.monotonic() - begun
    assert (done.returncode, done.stderr) == (0, "")
    begun = time.monotonic()
    assert ready("apps").returncode == 0
    assert once < 15
    assert time.monotonic() - begun < 15


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder whose name is short enough for a socket's, as that of the user's own sockets is."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        yield Path(folder)


def test_what_a_killed_client_left_goes_once_its_connection_has_ended(ready: Viberun, short: Path) -> None:
    for name, age, socket in (("old", 3600, False), ("young", 60, False), ("alive", 3600, True)):
        folder = short / f"viberun-ssh-{name}"
        folder.mkdir()
        if socket:
            (folder / "c").touch()
        os.utime(folder, (time.time() - age,) * 2)
    assert ready("apps", XDG_RUNTIME_DIR=str(short)).returncode == 0
    assert sorted(each.name for each in short.iterdir()) == ["viberun-ssh-alive", "viberun-ssh-young"]
