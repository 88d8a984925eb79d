"""What the script puts where, and which build it takes."""

import os
import re
import shutil
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.e2e.install.conftest import NEW, NEWEST, OLD, REPOSITORY, Channel, Person, archive, oci, without
from tests.e2e.install.server import Server, other, status


def stamped(person: Person, script: Path, **facts: str) -> Person:
    """One with a copy of that script whose build put other facts in."""
    text, copy = script.read_text(), person.home / "stamped.sh"
    for name, fact in facts.items():
        text, count = re.subn(f"^    {name}='.*'$", f"    {name}='{fact}'", text, flags=re.MULTILINE)
        assert count == 1
    copy.write_text(text)
    return replace(person, script=copy)


@pytest.fixture(params=["curl", "wget"])
def loader(request: pytest.FixtureRequest) -> str:
    """Lines that leave one program to download with."""
    return without("curl") if request.param == "wget" else without("wget")


def test_the_released_client_is_installed_and_knows_by_what(person: Person, local: Path) -> None:
    out = person.install(VIBERUN_CHANNEL_URL=str(local))
    version = person.version()
    assert f"viberun {version} is installed: {person.command}\n" in out
    assert version.startswith("0.0.0-dev.")
    assert person.files() == ["bin/viberun", f"lib/{oci(version)}/viberun"]
    assert "VIBERUN_INSTALL_METHOD=script" in person.command.read_text()


def test_the_newest_build_is_taken_and_the_one_before_kept(
    person: Person, channel: Channel, server: Server, loader: str
) -> None:
    for number, version in enumerate((OLD, NEW, NEWEST)):
        channel.release(version)
        done = person.run(before=loader, VIBERUN_CHANNEL_URL=server.url)
        assert (done.status, person.version()) == (0, version), done.error
        before = [f"lib/{oci((OLD, NEW)[number - 1])}/viberun", "lib/viberun.previous"] if number else []
        assert person.files() == ["bin/viberun", *sorted([f"lib/{oci(version)}/viberun", *before])]
        os.utime(person.dir / oci(version), (time.time() - 3700,) * 2)
    previous = person.dir / "viberun.previous"
    assert subprocess.run([previous], capture_output=True, text=True, check=True).stdout.strip() == NEW
    shutil.move(previous, person.command)
    assert person.version() == NEW


def test_what_another_run_may_be_about_to_start_is_left(person: Person, channel: Channel, server: Server) -> None:
    for version in (OLD, NEW, NEWEST):
        channel.release(version)
        person.install(VIBERUN_CHANNEL_URL=server.url)
    assert sorted(path.name for path in person.dir.glob("*-*")) == sorted(map(oci, (OLD, NEW, NEWEST)))


@pytest.mark.parametrize("end", ["", "/", "/channel.json"])
def test_an_address_may_end_as_people_write_it(person: Person, channel: Channel, server: Server, end: str) -> None:
    channel.release(NEW)
    person.install(VIBERUN_CHANNEL_URL=f"{server.url}{end}")
    assert person.version() == NEW
    channel.release(NEWEST)
    person.install(VIBERUN_CHANNEL_URL=f"file://{channel.folder}{end}")
    assert person.version() == NEWEST


def test_a_build_that_is_there_already_is_not_downloaded_again(
    person: Person, channel: Channel, server: Server
) -> None:
    channel.release(NEW)
    person.install(VIBERUN_CHANNEL_URL=server.url)
    server.asked.clear()
    out = person.install(VIBERUN_CHANNEL_URL=server.url)
    assert f"viberun {NEW} is installed already" in out
    assert server.asked == ["/channel.json", f"/viberun-{oci(NEW)}.intoto.jsonl"]


def test_a_damaged_client_is_replaced(person: Person, channel: Channel, server: Server) -> None:
    channel.release(NEW)
    person.install(VIBERUN_CHANNEL_URL=server.url)
    (person.dir / oci(NEW) / "viberun").write_text("#!/bin/sh\nexit 1\n")
    person.install(VIBERUN_CHANNEL_URL=server.url)
    assert person.version() == NEW


@pytest.mark.parametrize("spelling", [OLD, f"v{OLD}", oci(OLD)])
def test_an_exact_version_is_installed(person: Person, channel: Channel, server: Server, spelling: str) -> None:
    channel.add(OLD)
    channel.release(NEW)
    person.install("--version", spelling, VIBERUN_CHANNEL_URL=server.url)
    assert person.version() == OLD
    assert "/channel.json" not in server.asked


def test_an_exact_version_of_a_local_channel(person: Person, local: Path, channel: Channel) -> None:
    person.install(f"--version={channel.template.version}", VIBERUN_CHANNEL_URL=str(local))
    assert person.version() == channel.template.version


@pytest.mark.parametrize(
    ("arguments", "path", "version"),
    [
        ([], "releases/download/dev", NEW),
        (["--dev"], "releases/download/dev", NEW),
        (["--version", NEW], "releases/download/dev", NEW),
        (["--version", "1.2.3"], "releases/download/v1.2.3", "1.2.3"),
        (["--version", "v1.2.3"], "releases/download/v1.2.3", "1.2.3"),
    ],
)
def test_a_dev_release_installs_from_the_repository_that_it_is_of(
    person: Person, channel: Channel, server: Server, arguments: list[str], path: str, version: str
) -> None:
    channel.release(version, channel="dev" if "dev" in version else "prod", below=f"Some-Owner/viberun/{path}")
    own = stamped(person, person.script, repository=REPOSITORY, github=server.url)
    own.install(*arguments, GITHUB_SERVER_URL="https://ghe.example.org")
    assert person.version() == version
    assert all(asked.startswith("/Some-Owner/viberun/releases/") for asked in server.asked)


def test_the_copy_in_the_tree_takes_the_latest_release_of_the_repository_that_it_is_told(
    person: Person, channel: Channel, server: Server
) -> None:
    releases = "owner/name/releases"
    channel.release("1.2.3", channel="prod", below=f"{releases}/latest/download")
    channel.release("1.2.3", channel="prod", below=f"{releases}/download/v1.2.3")
    tree = stamped(person, Path(os.environ["VIBERUN_INSTALL_SCRIPT"]), github=server.url)
    tree.install(VIBERUN_REPOSITORY="owner/name")
    assert person.version() == "1.2.3"
    # `latest` can be another release a moment later: the files are taken from the one that was read.
    assert server.asked[0] == f"/{releases}/latest/download/channel.json"
    assert [asked.rpartition("/")[0] for asked in server.asked[1:]] == 2 * [f"/{releases}/download/v1.2.3"]


def test_the_variable_for_the_channel_is_heard(person: Person, channel: Channel, server: Server) -> None:
    channel.release("1.2.3", channel="prod", below="owner/name/releases/latest/download")
    channel.release("1.2.3", channel="prod", below="owner/name/releases/download/v1.2.3")
    own = stamped(person, person.script, github=server.url)
    own.install(VIBERUN_REPOSITORY="owner/name", VIBERUN_CHANNEL="prod")
    assert person.version() == "1.2.3"


@pytest.mark.parametrize("absent", [1, 2])
def test_a_release_that_is_just_being_switched_is_no_failure(
    person: Person, channel: Channel, server: Server, loader: str, absent: int
) -> None:
    channel.release(NEW)
    server.answers["/channel.json"] = [status(404), None]
    if absent == 1:
        shutil.copyfile(channel.folder / "channel.json", channel.folder / "channel.old.json")
    done = person.run(before=loader, VIBERUN_CHANNEL_URL=server.url)
    assert (done.status, person.version()) == (0, NEW), done.error
    assert server.asked[:3][-absent:] != []


def test_a_build_that_gave_way_to_the_next_meanwhile_is_no_failure(
    person: Person, channel: Channel, server: Server
) -> None:
    channel.release(OLD)
    old = (channel.folder / "channel.json").read_bytes()
    channel.release(NEW)
    for gone in channel.folder.glob(f"viberun-{oci(OLD)}-*"):
        gone.unlink()
    server.answers["/channel.json"] = [other(lambda _: old), None]
    person.install(VIBERUN_CHANNEL_URL=server.url)
    assert person.version() == NEW


def test_a_server_that_is_busy_for_a_moment_is_asked_again(
    person: Person, channel: Channel, server: Server, loader: str
) -> None:
    channel.release(NEW)
    server.answers["/channel.json"] = [status(503), None]
    done = person.run(before=loader, VIBERUN_CHANNEL_URL=server.url)
    assert (done.status, person.version()) == (0, NEW), done.error


@pytest.mark.parametrize("tools", [("shasum", "openssl"), ("sha256sum", "openssl"), ("sha256sum", "shasum")])
def test_each_tool_for_sha256_will_do(person: Person, channel: Channel, server: Server, tools: tuple[str, str]) -> None:
    channel.release(NEW)
    done = person.run(before=without(*tools), VIBERUN_CHANNEL_URL=server.url)
    assert (done.status, person.version()) == (0, NEW), done.error


def test_options_go_before_variables_and_may_be_relative_or_odd(
    person: Person, channel: Channel, server: Server
) -> None:
    channel.release(NEW)
    person.install("--dir", "it's $HOME", "--bin=b in", VIBERUN_CHANNEL_URL=server.url)
    command = person.home / "b in/viberun"
    assert command.exists()
    assert (person.home / "it's $HOME" / oci(NEW) / "viberun").exists()
    assert not person.dir.exists()
    assert subprocess.run([command], capture_output=True, text=True, check=True, cwd="/").stdout.strip() == NEW


def test_the_folders_of_a_person_and_of_root(person: Person, channel: Channel, server: Server) -> None:
    channel.release(NEW)
    variables = {"VIBERUN_CHANNEL_URL": server.url, "VIBERUN_INSTALL_DIR": "", "VIBERUN_INSTALL_BIN": ""}
    done = person.run(before="id() { echo 1234; }\n", **variables)
    assert f"is installed: {person.home}/.local/bin/viberun" in done.out, done.error
    assert (person.home / ".local/share/viberun" / oci(NEW) / "viberun").exists()
    done = person.run(before="id() { echo 1234; }\n", **variables, XDG_DATA_HOME=f"{person.home}/data")
    assert (person.home / "data/viberun" / oci(NEW) / "viberun").exists(), done.error
    private = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /usr/local && exec "$@"', "sh"]
    done = person.run(before="id() { echo 0; }\n", wrap=private, **variables)
    assert "is installed: /usr/local/bin/viberun" in done.out, done.error


def test_a_folder_that_is_not_on_the_path_is_said_with_the_line_that_helps(
    person: Person, channel: Channel, server: Server
) -> None:
    channel.release(NEW)
    out = person.install(VIBERUN_CHANNEL_URL=server.url)
    assert f"{person.bin} is not on your PATH" in out
    (line,) = [line.strip() for line in out.splitlines() if "export" in line]
    found = subprocess.run(
        ["sh", "-c", f"{line}\nviberun"], env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == NEW
    out = person.install(VIBERUN_CHANNEL_URL=server.url, PATH=f"/usr/bin:/bin:{person.bin}")
    assert "PATH" not in out


def test_another_viberun_that_comes_first_is_named(person: Person, channel: Channel, server: Server) -> None:
    channel.release(NEW)
    first = person.home / "first"
    first.mkdir()
    (first / "viberun").write_text("#!/bin/sh\n")
    (first / "viberun").chmod(0o755)
    out = person.install(VIBERUN_CHANNEL_URL=server.url, PATH=f"{first}:/usr/bin:/bin:{person.bin}")
    assert f"The command viberun is still {first}/viberun" in out


def test_arguments_and_status_pass_through_the_command(person: Person, channel: Channel, server: Server) -> None:
    program = 'case $1 in --version) echo {version} ;; *) echo "$@" $VIBERUN_INSTALL_METHOD; exit 7 ;; esac'
    channel.release(NEW, archive(NEW, program))
    person.install(VIBERUN_CHANNEL_URL=server.url)
    done = subprocess.run([person.command, "a  b", "c"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (7, "a  b c script\n")


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_a_mac_gets_the_build_for_macs(person: Person, channel: Channel, server: Server, machine: str) -> None:
    channel.release(NEW)
    uname = f"uname() {{ case $1 in -s) echo Darwin ;; -m) echo {machine} ;; esac; }}\npython3() {{ :; }}\n"
    done = person.run(before=uname, VIBERUN_CHANNEL_URL=server.url)
    assert (done.status, person.version()) == (0, NEW), done.error
    name = {"x86_64": "amd64", "aarch64": "arm64"}[machine]
    assert server.asked[-1].endswith(f"-darwin-{name}.tar.gz")


def test_help_is_printed_and_nothing_done(person: Person) -> None:
    out = person.install("--help")
    assert "usage: install.sh" in out
    assert person.files() == []
