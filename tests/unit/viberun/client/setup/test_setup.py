from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.unit.viberun.client.hosts import Host, build_at, release, server_script
from tests.unit.viberun.client.stage import NEWER, OLDER, PROD, Viberun, only
from tests.unit.viberun.client.web import serving
from tests.unit.viberun.installed import BUILD


def steps(host: Host) -> list[str]:
    """What was done on the host, in order."""
    words = [line.split("|", 2)[2] for line in host.log() if line.startswith("run|")]
    return [
        line.split(" -- ")[1].split()[0] if " -- " in line else line.rsplit("viberun-server ", 1)[-1] for line in words
    ]


def test_a_host_with_nothing_gets_everything(host: Host, viberun: Viberun) -> None:
    done = viberun("setup", "me@box")
    assert (done.returncode, done.stderr) == (0, "")
    assert host.server.read_text() == server_script(BUILD.version)
    assert host.server.stat().st_mode & 0o777 == 0o755
    assert sorted(os.listdir(host.root / "bin")) == ["viberun-server"]
    assert "me@box is ready.\n" in done.stdout
    record = json.loads((host.root / "state/setup.json").read_text())
    assert (record["version"], record["channel"], record["images_result"]) == (BUILD.version.semver, "dev", "complete")


def test_again_it_finds_nothing_to_do(host: Host, viberun: Viberun) -> None:
    viberun("setup", "me@box")
    before = host.server.stat().st_mtime_ns
    done = viberun("setup")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"Server is {BUILD.version}: up to date.\n" in done.stdout
    assert host.server.stat().st_mtime_ns == before
    assert not (host.root / "bin/viberun-server.previous").exists()


def test_the_host_is_remembered_for_this_user_alone(host: Host, viberun: Viberun) -> None:
    viberun("setup", "me@box")
    file = host.home / ".config/viberun/config.json"
    assert json.loads(file.read_text()) == {"host": "me@box"}
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    viberun("update", XDG_CONFIG_HOME=str(host.home / "elsewhere"))
    assert viberun("update").returncode == 0
    assert {line.split("|")[1] for line in host.log()} == {"me@box"}


def test_one_connection_serves_the_whole_command(host: Host, viberun: Viberun) -> None:
    viberun("setup", "me@box")
    assert [line.split("|")[0] for line in host.log()].count("open") == 1
    sockets = {part for line in host.log("options.log") for part in line.split() if part.startswith("ControlPath=")}
    assert len(sockets) == 1
    assert not os.path.exists(os.path.dirname(sockets.pop().partition("=")[2]))


def test_every_call_of_the_server_and_the_bootstrap_gets_the_channel(host: Host, viberun: Viberun) -> None:
    viberun("setup", "me@box", VIBERUN_PROXY_IMAGE="registry.example.org/proxy:mine")
    called = [line.split("|", 2)[2] for line in host.log() if line.startswith("run|") and "dd of=" not in line]
    assert called
    for line in called:
        for part in (
            "VIBERUN_CHANNEL=dev",
            "VIBERUN_SERVER_VERSION=dev",
            "VIBERUN_IMAGE=ghcr.io/owner/name/viberun:dev",
            "VIBERUN_PROXY_IMAGE=registry.example.org/proxy:mine",
        ):
            assert f" {part} " in line


def test_an_image_of_the_user_is_pulled_by_its_name(host: Host, viberun: Viberun) -> None:
    viberun("setup", "me@box", VIBERUN_PROXY_IMAGE="registry.example.org/proxy:mine")
    (pull,) = [line for line in host.log() if "images pull" in line]
    assert f"--digest viberun=sha256:{'5' * 64}" in pull
    assert "viberun-proxy=" not in pull


def test_root_needs_no_sudo(host: Host, viberun: Viberun) -> None:
    host.has("id-u", "0\n")
    host.lacks("sudo")
    assert viberun("setup", "root@box").returncode == 0
    assert not any("sudo -n" in line for line in host.log())


def test_what_a_login_shell_prints_does_no_harm(host: Host, viberun: Viberun) -> None:
    host.has("noise", 'Welcome to box!\nviberunner 1\n{"version": "9.9.9"}\n')
    assert viberun("setup", "me@box").returncode == 0
    assert viberun("setup", "me@box").returncode == 0


# --- the question


@pytest.mark.parametrize(
    ("client", "there", "answer"),
    [
        ("now", OLDER.version.semver, "Yes"),
        ("now", "1.2.3", "Yes"),
        ("now", "garbage", "Yes"),
        ("now", "0.0.0-dev.20260125123045+fffffff", "Yes"),
        ("prod", BUILD.version.semver, "No"),
        ("prod", "garbage", "No"),
        ("prod", "1.2.2", "Yes"),
    ],
)
def test_without_a_terminal_the_default_is_taken_and_said(
    host: Host, viberun: Viberun, client: str, there: str, answer: str
) -> None:
    build = PROD if client == "prod" else BUILD
    release(viberun.channel, build)
    old = server_script(BUILD.version).replace(BUILD.version.semver, there)
    host.install(BUILD.version, old)
    done = viberun("update", "me@box", client=client)
    assert (done.returncode, done.stderr) == (0, "")
    shown = "of an unknown version" if there == "garbage" else there
    assert (
        f"Server is {shown}. Update to {build.version}? {answer} (the default, as there is no terminal to ask on)\n"
        in done.stdout
    )
    if answer == "Yes":
        assert host.server.read_text() == server_script(build.version)
        assert (host.root / "bin/viberun-server.previous").read_text() == old
    else:
        assert host.server.read_text() == old


def test_the_command_line_decides_where_it_says_so(host: Host, viberun: Viberun) -> None:
    host.install(OLDER.version)
    done = viberun("update", "me@box", "--no-update")
    assert (done.returncode, "No (as the command line says)" in done.stdout) == (0, True)
    assert host.server.read_text() == server_script(OLDER.version)
    release(viberun.channel, PROD)
    done = viberun("update", "me@box", "--yes", client="prod")
    assert host.server.read_text() == server_script(PROD.version), done.stdout


def test_a_newer_server_stays_and_the_client_hears_how_to_follow(host: Host, viberun: Viberun) -> None:
    host.install(NEWER.version)
    done = viberun("update", "me@box", VIBERUN_INSTALL_METHOD="npx")
    assert f"Server is {NEWER.version}, which is newer than this client ({BUILD.version}): it stays.\n" in done.stdout
    assert "update it with 'npx --prefer-online -y viberun@dev'" in done.stdout
    assert host.server.read_text() == server_script(NEWER.version)
    assert not any("images pull" in line for line in host.log())


@pytest.mark.parametrize(
    "said",
    ["", "echo garbage", "echo '{'", "echo '{\"version\": 5}'", "exit 7", "head -c 100000 /dev/zero", "kill -9 $$"],
)
def test_a_server_that_tells_no_version_is_replaced(host: Host, viberun: Viberun, said: str) -> None:
    host.install(BUILD.version, f"#!/bin/sh\n{said}\n")
    done = viberun("update", "me@box")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"Server is of an unknown version. Update to {BUILD.version}? Yes" in done.stdout
    assert host.server.read_text() == server_script(BUILD.version)


def test_a_version_that_the_user_names_is_installed(host: Host, viberun: Viberun) -> None:
    release(viberun.channel, OLDER)
    release(viberun.channel, BUILD)
    host.install(BUILD.version)
    done = viberun("update", "me@box", VIBERUN_SERVER_VERSION=OLDER.version.semver)
    assert f"Server is {BUILD.version}. Update to {OLDER.version}? Yes" in done.stdout
    assert host.server.read_text() == server_script(OLDER.version)


def test_update_wants_a_server_to_update(viberun: Viberun) -> None:
    line = only(viberun("update", "me@box"), 1)
    assert line == "viberun: there is no viberun-server on me@box; run 'viberun setup me@box'"


def test_a_channel_that_fell_back_is_reported_and_not_followed(host: Host, viberun: Viberun) -> None:
    for name in (f"viberun-{BUILD.version.oci}.json",):
        (viberun.channel / name).unlink()
    release(viberun.channel, build_at(20))
    assert viberun("setup", "me@box").returncode == 0
    for name in os.listdir(viberun.channel):
        (viberun.channel / name).unlink()
    release(viberun.channel, build_at(10))
    host.install(OLDER.version)
    done = viberun("update", "me@box")
    assert f"has {build_at(10).version}, and before it had {build_at(20).version}: somebody" in done.stderr
    assert "? No (the default" in done.stdout
    host.server.unlink()
    done = viberun("setup", "me@box")
    assert (done.returncode, host.server.exists()) == (1, False)
    assert done.stderr.splitlines()[-1].startswith("viberun: nothing was installed; wait until")


def test_yes_is_no_consent_to_an_older_build_but_a_person_and_the_flag_are(host: Host, viberun: Viberun) -> None:
    (viberun.channel / f"viberun-{BUILD.version.oci}.json").unlink()
    release(viberun.channel, build_at(20))
    assert viberun("setup", "me@box").returncode == 0
    (viberun.channel / f"viberun-{build_at(20).version.oci}.json").unlink()
    release(viberun.channel, build_at(10))
    host.install(OLDER.version)
    done = viberun("update", "me@box", "--yes")
    assert done.returncode == 1
    assert "nothing was installed; wait until the channel is newer again, or say --allow-rollback" in done.stderr
    assert viberun("update", "me@box", "--allow-rollback", "--no-update").returncode == 0
    assert host.server.read_text() == server_script(OLDER.version)
    status, shown = viberun.typed("\n", "update", "me@box")
    assert (status, "[y/N]" in shown) == (0, True)
    assert host.server.read_text() == server_script(OLDER.version)
    status, shown = viberun.typed("y\n", "update", "me@box", "--yes")
    assert (status, "[y/N]" in shown) == (0, True)
    assert host.server.read_text() == server_script(build_at(10).version)
    host.install(OLDER.version)
    assert viberun("update", "me@box", "--allow-rollback").returncode == 0
    assert host.server.read_text() == server_script(build_at(10).version)


# --- what can go wrong


@pytest.mark.parametrize(
    ("says", "line"),
    [
        ("@@@@@@\n@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.", "has changed"),
        ("Host key verification failed.", "the host key of me@box is not known here; log in once with 'ssh me@box'"),
        ("me@box: Permission denied (publickey).", "does not let you log in"),
        ("ssh: Could not resolve hostname box: Name or service not known", "there is no host me@box"),
        ("ssh: connect to host box port 22: Connection refused", "refuses the connection"),
        ("ssh: connect to host box port 22: Connection timed out", "does not answer"),
        ("Connection closed by 1.2.3.4 port 22", "was lost; run the same command again"),
        ("something new", "can't be reached: something new; check that 'ssh me@box' works"),
    ],
)
def test_what_ssh_says_is_one_line_with_what_to_do(host: Host, viberun: Viberun, says: str, line: str) -> None:
    host.has("refuses", f"{says}\n")
    assert line in only(viberun("setup", "me@box"), 7)


@pytest.mark.parametrize(
    "named", ["-oProxyCommand=touch /tmp/x", "", "a b", "me@-x", "ssh://", "ssh:x", "a;b", "$(x)", "a\nb"]
)
def test_what_is_no_host_never_gets_to_ssh(host: Host, viberun: Viberun, named: str) -> None:
    done = viberun("setup", "--", named) if named else viberun("setup")
    assert only(done, 2)
    assert host.log() == []


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("system", "Darwin\n", "me@box runs Darwin; use a host with Debian or Ubuntu"),
        ("machine", "armv7l\n", "me@box is a armv7l machine; use one with amd64 or arm64"),
        ("os-release", "ID=fedora\nVERSION_ID=41\n", "me@box runs fedora 41; use a host with Debian or Ubuntu"),
        ("no-sudo", "", "sudo on me@box asks for a password, or does not let you; log in as root, or"),
        ("free", "200000\n", "the disk of me@box is full: 195 MB are free, and 300 are needed; free some space"),
    ],
)
def test_a_host_that_will_not_do_is_told_at_once(
    host: Host, viberun: Viberun, name: str, content: str, line: str
) -> None:
    host.has(name, content)
    assert line in only(viberun("setup", "me@box"), 1)
    assert steps(host) == ["look"]
    assert not host.server.exists()


def test_ubuntu_and_what_is_like_it_will_do(host: Host, viberun: Viberun) -> None:
    host.has("os-release", 'ID=linuxmint\nID_LIKE="ubuntu debian"\n')
    assert viberun("setup", "me@box").returncode == 0


def test_without_sudo_only_root_will_do(host: Host, viberun: Viberun) -> None:
    host.lacks("sudo")
    done = viberun("setup", "me@box", PATH=f"{host.root}/client:{_without_sudo(host)}")
    assert "you are not root on me@box, and there is no sudo; log in as root" in only(done, 1)


def _without_sudo(host: Host) -> Path:
    """A folder with the machine's programs, sudo apart."""
    folder = host.root / "programs"
    folder.mkdir()
    for place in ("/usr/bin", "/bin"):
        for name in os.listdir(place):
            if name != "sudo" and not (folder / name).is_symlink():
                (folder / name).symlink_to(f"{place}/{name}")
    return folder


def test_a_machine_without_a_build_is_named_with_those_that_have_one(host: Host, viberun: Viberun) -> None:
    host.has("machine", "aarch64\n")
    line = only(viberun("setup", "me@box"), 1)
    assert f"the release {BUILD.version} has no server for linux-arm64 (it has linux-amd64)" in line


def test_a_release_that_is_not_there_names_what_was_looked_for(host: Host, viberun: Viberun, tmp_path: Path) -> None:
    line = only(viberun("setup", "me@box", VIBERUN_CHANNEL_URL=str(tmp_path / "nowhere")), 1)
    assert f"there is no release: {tmp_path}/nowhere/channel.json is not there" in line


def test_a_file_that_is_not_there_names_it(host: Host, viberun: Viberun) -> None:
    (server,) = viberun.channel.glob("*.tar.gz")
    server.unlink()
    line = only(viberun("setup", "me@box"), 1)
    assert f"lacks its file {server.name}: {server} is not there" in line
    assert os.listdir(host.root / "bin") == []


def test_another_file_than_the_manifest_says_is_fetched_twice_and_refused(host: Host, viberun: Viberun) -> None:
    (server,) = viberun.channel.glob("*.tar.gz")
    content = server.read_bytes()
    pages = {f"/{file.name}": file.read_bytes() for file in viberun.channel.iterdir()}
    with serving({**pages, f"/{server.name}": content[:-1] + b"x"}) as web:
        line = only(viberun("setup", "me@box", VIBERUN_CHANNEL_URL=web.url), 1)
        assert "is not what the manifest says: sha256" in line
        assert web.asked.count(f"/{server.name}") == 2
        assert web.asked.count(f"/viberun-{BUILD.version.oci}.json") == 2
    assert os.listdir(host.root / "bin") == []


@pytest.mark.parametrize(
    ("write", "line"),
    [
        ('head -c 10 >"$file"\ncat >/dev/null', "10 bytes instead of"),
        # The byte that names the system that packed it: it still unpacks.
        ('cat >"$file"\nprintf x | dd of="$file" conv=notrunc bs=1 seek=9 2>/dev/null', "sha256 .* instead of"),
    ],
    ids=["shorter", "other"],
)
def test_what_arrives_broken_is_found_on_the_host(host: Host, viberun: Viberun, write: str, line: str) -> None:
    path = os.environ["PATH"]
    (host.root / "commands/dd").write_text(f"#!/bin/sh\nfile=${{1#of=}}\nPATH={path}\n{write}\n")
    (host.root / "commands/dd").chmod(0o755)
    assert re.search(f"is not what the manifest says: {line}", only(viberun("setup", "me@box"), 1))
    assert os.listdir(host.root / "bin") == []


def test_a_new_server_that_does_not_work_never_takes_the_place(host: Host, viberun: Viberun) -> None:
    release(viberun.channel, BUILD, "#!/bin/sh\necho 'viberun-server: no such luck' >&2\nexit 1\n")
    host.install(OLDER.version)
    line = only(viberun("update", "me@box"), 1)
    assert "the new server does not work on me@box: viberun-server: no such luck; what was there before" in line
    assert sorted(os.listdir(host.root / "bin")) == ["viberun-server"]
    assert host.server.read_text() == server_script(OLDER.version)


@pytest.mark.parametrize("before", [True, False])
def test_a_new_server_that_fails_in_its_place_goes_back(host: Host, viberun: Viberun, before: bool) -> None:
    script = server_script(BUILD.version).replace("self='", "[ ${0%/*} != $root/bin ] || exit 1\nself='")
    release(
        viberun.channel, BUILD, script.replace("root=${0%/*}/..\n", f"root={host.root}\n").replace("[ -d", "true [ -d")
    )
    if before:
        host.install(OLDER.version)
    line = only(viberun("setup", "me@box"), 1)
    assert "does not work on me@box" in line
    assert host.server.exists() == before
    if before:
        assert host.server.read_text() == server_script(OLDER.version)
    assert not [name for name in os.listdir(host.root / "bin") if name.startswith(".")]


def test_docker_comes_from_the_hosts_own_packages(host: Host, viberun: Viberun) -> None:
    host.lacks("dockerd")
    (host.root / "docker.sock").unlink()
    log = host.root / "apt.log"
    bind = f"import socket, os; os.chdir({str(host.root)!r}); socket.socket(socket.AF_UNIX).bind('docker.sock')"
    install_it = f'case $* in *" install "*) python3 -c "{bind}" ;; esac'
    (host.root / "commands/apt-get").write_text(f'#!/bin/sh\necho "$*" >>{log}\n{install_it}\n')
    (host.root / "commands/dpkg").write_text(f'#!/bin/sh\necho "dpkg $*" >>{log}\n')
    for name in ("apt-get", "dpkg"):
        (host.root / "commands" / name).chmod(0o755)
    done = viberun("setup", "me@box", PATH=f"{host.root}/client:{_without_docker(host)}")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Docker is installed" in done.stdout
    words = log.read_text()
    assert "dpkg --configure -a" in words
    assert "install docker.io" in words


def test_docker_that_cannot_be_installed_is_one_line(host: Host, viberun: Viberun) -> None:
    host.lacks("dockerd")
    (host.root / "docker.sock").unlink()
    (host.root / "commands/apt-get").write_text("#!/bin/sh\necho 'E: Unable to locate package docker.io'\nexit 100\n")
    (host.root / "commands/apt-get").chmod(0o755)
    done = viberun("setup", "me@box", PATH=f"{host.root}/client:{_without_docker(host)}")
    line = only(done, 1)
    assert "Docker could not be installed on me@box: E: Unable to locate package docker.io; see to 'apt-get" in line


def _without_docker(host: Host) -> Path:
    folder = _without_sudo(host)
    for name in ("dockerd", "dpkg", "apt-get"):
        if (folder / name).is_symlink():
            (folder / name).unlink()
    return folder


def test_docker_that_does_not_answer_is_told_with_its_reason(host: Host, viberun: Viberun) -> None:
    answer = '{"version": "%s", "protocol": 1, "docker": {"reachable": false, "version": null, "problem": "no daemon"}}'
    host.has("answers/self-check", f"echo '{answer % BUILD.version}'\n")
    line = only(viberun("setup", "me@box"), 3)
    assert "Docker on me@box can't be reached: no daemon; see to 'systemctl status docker' there" in line


def test_an_image_that_cannot_be_pulled_is_a_warning_and_keeps_its_name(host: Host, viberun: Viberun) -> None:
    ref = "ghcr.io/owner/name/viberun:dev"
    said = f'{{"image": "viberun", "status": "failed", "ref": "{ref}", "digest": null, "problem": "denied by the registry"}}'
    host.has("answers/images", f"echo '{said}'\nexit 6\n")
    done = viberun("setup", "me@box")
    assert f"warning: the image viberun could not be pulled as {ref}: denied by the registry" in only(done, 0)
    assert json.loads((host.root / "state/setup.json").read_text())["images_result"] == "failed"


def test_values_that_are_none_never_get_to_a_host(host: Host, viberun: Viberun) -> None:
    for value in ("a b", "a;b", "$(id)", "-x", "a\nb", "'"):
        host.has("ssh.log", "")
        assert "is nothing to hand to a host" in only(viberun("setup", "me@box", VIBERUN_IMAGE=value), 1)
        assert [line for line in host.log() if line.startswith("run|")] == []


# --- cut anywhere, run again


@pytest.mark.parametrize(
    ("step", "after"),
    [
        ("look", 2000),
        ("docker", 4000),
        ("stage", 5000),
        ("install", 0),
        ("install", 5000),
        ("install", -16),
        ("record", -16),
    ],
)
def test_a_stream_that_is_cut_runs_nothing_and_the_next_run_finishes(
    host: Host, viberun: Viberun, step: str, after: int
) -> None:
    host.install(OLDER.version)
    host.has("cut", step)
    host.has("cut-after", str(after))
    before = sorted(os.listdir(host.root / "bin"))
    assert "was lost; run the same command again" in only_last(viberun("setup", "me@box"))
    if step not in ("record", "install"):
        assert sorted(os.listdir(host.root / "bin")) == before
    if step != "record":
        assert host.server.read_text() == server_script(OLDER.version)
    host.has("cut", "")
    assert viberun("setup", "me@box").returncode == 0
    assert host.server.read_text() == server_script(BUILD.version)


def only_last(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 7
    return done.stderr.splitlines()[-1]
