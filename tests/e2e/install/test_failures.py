"""Every failure is one clear line, and leaves what was installed before, and nothing else."""

import json
import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest

from tests.e2e.install.conftest import NEW, OLD, REPOSITORY, Channel, Done, Person, archive, oci, without
from tests.e2e.install.server import Answer, Server, half, other, redirect, serving, status

CLIENT = f"{oci(NEW)}-linux-amd64.tar.gz"

Change = Callable[[str], str]


class Fails(Protocol):
    def __call__(self, *arguments: str, before: str = ..., exit_code: int = ..., **variables: str) -> Done:
        """Runs the script, which must fail, with nothing installed and then over an older version."""


QUICK = "sleep() { :; }\n"


@pytest.fixture
def loader(person: Person) -> str:
    """Lines that leave one program to download with, another under each shell: curl, GNU's wget, busybox's."""
    return QUICK + without("wget" if person.shell == "dash" else "curl")


@pytest.fixture
def fails(person: Person, channel: Channel, server: Server) -> Fails:
    def run(*arguments: str, before: str = QUICK, exit_code: int = 1, **variables: str) -> Done:
        if not (channel.folder / "channel.json").exists():
            channel.release(NEW)
        variables = {"VIBERUN_CHANNEL_URL": server.url, **variables}
        done = person.run(*arguments, before=before, **variables)
        assert done.status == exit_code, (done.out, done.error)
        assert person.files() == []
        with_old(person, channel)
        kept = person.files()
        assert person.run(*arguments, before=before, **variables).line == done.line
        assert person.files() == kept
        assert person.version() == OLD
        assert done.line.startswith("viberun install: ")
        return done

    return run


def with_old(person: Person, channel: Channel) -> None:
    folder = channel.folder.parent / "older"
    folder.mkdir()
    Channel(folder, channel.template).release(OLD)
    person.install(VIBERUN_CHANNEL_URL=str(folder))


@pytest.mark.parametrize(
    ("system", "machine", "line"),
    [
        ("FreeBSD", "amd64", "viberun does not run on FreeBSD; use it on Linux or macOS; on Windows, in WSL"),
        ("MINGW64_NT-10.0", "x86_64", "viberun does not run on MINGW64_NT-10.0; "),
        ("Linux", "riscv64", "viberun does not run on Linux with riscv64; use it on x86-64 or ARM64"),
        ("Linux", "i686", "viberun does not run on Linux with i686; "),
    ],
)
def test_a_machine_that_there_is_no_build_for(fails: Fails, system: str, machine: str, line: str) -> None:
    uname = f"uname() {{ case $1 in -s) echo {system} ;; -m) echo {machine} ;; esac; }}\n"
    assert line in fails(before=uname).line


def test_a_mac_without_python(fails: Fails) -> None:
    uname = "uname() { case $1 in -s) echo Darwin ;; -m) echo arm64 ;; esac; }\npython3() { return 1; }\n"
    assert "needs Python 3.9 or newer here, and there is none; install it with xcode-select" in fails(before=uname).line


def test_a_channel_of_releases_where_a_dev_build_is_asked_for(fails: Fails, channel: Channel) -> None:
    channel.release("1.2.3", channel="prod")
    assert "holds the release 1.2.3 and no dev build; leave out --dev, or name another" in fails("--dev").line


@pytest.fixture
def closed() -> Iterator[str]:
    """Where nobody listens, as host:port."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{bound.getsockname()[1]}"


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_nobody_listens(fails: Fails, loader: str, closed: str, scheme: str) -> None:
    address = f"{scheme}://{closed}"
    line = fails(before=loader, VIBERUN_CHANNEL_URL=address).line
    assert f"{address}/channel.json can not be read: " in line
    assert re.search("refused|connect|nobody listens", line)
    assert line.endswith("; look whether the network and the address are right, or try again later")


def test_nobody_listens_where_a_redirection_leads(fails: Fails, server: Server, loader: str, closed: str) -> None:
    server.answers[CLIENT] = [redirect(f"http://{closed}/elsewhere")]
    line = fails(before=loader).line
    assert "302" not in line
    assert re.search("can not be read: .*(refused|connect)", line)
    assert [path for path in server.asked if path.endswith(CLIENT)] == 6 * [f"/viberun-{CLIENT}"]


def test_a_name_that_is_not_known(fails: Fails, loader: str) -> None:
    line = fails(before=loader, VIBERUN_CHANNEL_URL="https://nothing.invalid/channel").line
    assert "https://nothing.invalid/channel/channel.json can not be read: " in line
    assert "resolve" in line or "bad address" in line


def test_no_release(fails: Fails, server: Server, loader: str) -> None:
    server.answers["json"] = [status(404)]
    assert f"there is no release at {server.url}; " in fails(before=loader).line
    assert server.asked[:3] == ["/channel.json", "/channel.old.json", "/channel.json"]


def test_no_such_version(fails: Fails, server: Server, loader: str) -> None:
    line = fails("--version", "0.0.0-dev.20250101000000+1234567", before=loader).line
    assert f"there is no viberun 0.0.0-dev.20250101000000-1234567 at {server.url}; ask for another version" in line


def test_the_file_is_not_there(fails: Fails, server: Server, loader: str) -> None:
    server.answers[CLIENT] = [status(404)]
    assert f"there is no {server.url}/viberun-{CLIENT}; " in fails(before=loader).line
    assert [path for path in server.asked if path.endswith(CLIENT)] == 4 * [f"/viberun-{CLIENT}"]


@pytest.mark.parametrize("number", [403, 500, 503, 429])
def test_a_server_that_refuses(fails: Fails, server: Server, loader: str, number: int) -> None:
    server.answers["/channel.json"] = [status(number)]
    assert f"{server.url}/channel.json can not be read: the server answers {number}; " in fails(before=loader).line
    assert len(server.asked) == (2 if number == 403 else 6)


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        (
            other(lambda content: content[:-1] + b"?"),
            "does not have the sha256 that was announced; nothing was installed",
        ),
        (other(lambda content: content + b"?"), "were announced; nothing was installed"),
        (other(lambda content: b""), "has 0 bytes, and "),
        (half, "can not be read: "),
    ],
    ids=["changed", "longer", "empty", "broken off"],
)
def test_other_bytes_than_announced(fails: Fails, server: Server, loader: str, answer: Answer, line: str) -> None:
    server.answers[CLIENT] = [answer]
    assert line in fails(before=loader).line


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (
            lambda text: text.replace('"min_reader": 1', '"min_reader": 2'),
            "takes a reader of schema 2, and this script reads schema 1; get the newest one of that channel",
        ),
        (lambda text: "<html>Sign in to this network</html>", "is no manifest of viberun; look whether the address"),
        (lambda text: "", "is no manifest of viberun; "),
        (lambda text: text.replace(f'"version": "{NEW}"', '"version": "$(touch evil)"'), "is no manifest of viberun"),
        (lambda text: text.replace('"min_reader": 1', '"min_reader": "1"'), "can not be read; "),
        (lambda text: text.replace('"files_at": ""', '"files_at": "../../"'), "can not be read; "),
        (lambda text: text.replace(f'"name": "viberun-{oci(NEW)}-linux', '"name": "../linux'), "can not be read; "),
        (lambda text: json.dumps(json.loads(text)), "can not be read; "),
        (lambda text: text.replace('"kind": "client"', '"kind": "server"'), f"viberun {NEW} is not there for linux-"),
    ],
    ids=["meaning", "page", "empty", "version", "reader", "folder", "name", "one line", "platform"],
)
def test_a_manifest_that_is_none(fails: Fails, server: Server, change: Change, line: str) -> None:
    server.answers["/channel.json"] = [other(lambda content: change(content.decode()).encode())]
    assert line in fails().line


def test_a_manifest_of_another_version_than_was_asked_for(fails: Fails, channel: Channel, server: Server) -> None:
    channel.release(NEW)
    server.answers[f"{oci(OLD)}.json"] = [other(lambda _: (channel.folder / "channel.json").read_bytes())]
    assert f"is of viberun {NEW}; report it" in fails("--version", OLD).line


def test_no_tool_to_check_with(fails: Fails) -> None:
    line = fails(before=without("sha256sum", "shasum", "openssl")).line
    assert "there is neither sha256sum nor shasum nor openssl; install one of them" in line


def test_no_tool_to_download_with(fails: Fails) -> None:
    assert "there is neither curl nor wget; install one of them" in fails(before=without("curl", "wget")).line


@pytest.mark.parametrize("tool", ["tar", "gzip"])
def test_no_tool_to_unpack_with(fails: Fails, tool: str) -> None:
    assert f"this needs {tool}, which is not installed; install {tool}" in fails(before=without(tool)).line


@pytest.mark.parametrize("option", ["--dir", "--bin"])
def test_a_folder_that_can_not_be_made(fails: Fails, person: Person, option: str) -> None:
    (person.home / "file").touch()
    for folder in (f"{person.home}/file/below", "/proc/viberun"):
        line = person.run(option, folder, VIBERUN_CHANNEL_URL=str(person.home)).line
        assert line == f"viberun install: {folder} can not be written to; give another folder with {option}"
    fails(option, "/proc/viberun")


def test_a_folder_on_a_read_only_disk(person: Person, channel: Channel) -> None:
    channel.release(NEW)
    read_only = f"mount --bind {person.home} {person.home} && mount -o remount,ro,bind {person.home}"
    wrap = ["unshare", "--mount", "sh", "-c", f'{read_only} && exec "$@"', "sh"]
    for name in ("bin", "lib"):
        (person.home / name).mkdir()
    done = person.run(wrap=wrap, VIBERUN_CHANNEL_URL=str(channel.folder))
    assert done.line == f"viberun install: {person.dir} can not be written to; give another folder with --dir"


@pytest.mark.parametrize("size", ["100k", "500k"])
def test_a_full_disk(person: Person, channel: Channel, server: Server, loader: str, size: str) -> None:
    """While downloading and while unpacking."""
    channel.release(NEW)
    person.dir.mkdir()
    wrap = ["unshare", "--mount", "sh", "-c", f'mount -t tmpfs -o size={size} none {person.dir} && exec "$@"', "sh"]
    done = person.run(before=loader, wrap=wrap, VIBERUN_CHANNEL_URL=server.url)
    assert done.status == 1
    assert "disk is full" in done.line or "o space left" in done.line or "rite error" in done.line, done.line
    assert not person.command.exists()


def test_a_client_that_does_not_start_here(fails: Fails, channel: Channel) -> None:
    channel.release(NEW, archive(NEW, "echo this needs another libc >&2; exit 3"))
    line = fails().line
    assert f"viberun {NEW} does not start on this machine: " in line
    assert "look whether programs may be run from " in line


def test_a_client_that_is_another_version(fails: Fails, channel: Channel) -> None:
    channel.release(NEW, archive(OLD))
    assert f"viberun {NEW} does not start on this machine" in fails().line


def test_an_archive_that_is_none(fails: Fails, channel: Channel) -> None:
    channel.release(NEW, b"no archive at all")
    assert "can not be unpacked into " in fails().line


@pytest.mark.parametrize("address", ["http://example.org/channel", "http://localhost.example.org"])
def test_an_address_without_encryption(fails: Fails, address: str) -> None:
    line = fails(VIBERUN_CHANNEL_URL=address).line
    assert f"{address} is not encrypted; give an https address, or set VIBERUN_CHANNEL_INSECURE=1" in line


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--frobnicate"], "there is no option --frobnicate; see --help"),
        (["--dir"], "--dir takes a value; see --help"),
        (["--version="], "--version takes a value; see --help"),
        (["--version", "dev"], "dev is no version; "),
        (["--version", "0.0.0-dev.20260101000000"], "is no version; give it as viberun --version prints it"),
        (["--version", "1.2.3/../.."], "is no version; "),
    ],
)
def test_arguments_that_are_none(fails: Fails, arguments: list[str], line: str) -> None:
    assert line in fails(*arguments, exit_code=2).line


@pytest.mark.parametrize(
    ("variables", "exit_code", "line"),
    [
        (
            {"VIBERUN_CHANNEL_URL": ""},
            1,
            "does not know whose releases to install; give --from owner/name",
        ),
        (
            {"VIBERUN_CHANNEL_URL": "", "VIBERUN_REPOSITORY": "x/../y"},
            2,
            "there is no repository x/../y; give it with --from as owner/name",
        ),
        ({"VIBERUN_CHANNEL_URL": "/nonexistent"}, 1, "there is no folder /nonexistent; set VIBERUN_CHANNEL_URL"),
        ({"VIBERUN_CHANNEL_URL": "ftp://127.0.0.1"}, 2, "ftp://127.0.0.1 is no address that can be read; "),
        ({"VIBERUN_CHANNEL": "beta"}, 2, "VIBERUN_CHANNEL is beta; set it to dev or prod, or unset it"),
    ],
)
def test_variables_that_say_nothing(fails: Fails, variables: dict[str, str], exit_code: int, line: str) -> None:
    assert line in fails(exit_code=exit_code, **variables).line


@pytest.mark.parametrize("insecure", ["", "1"])
@pytest.mark.parametrize(
    "address",
    ["https://me:secret@127.0.0.1:1/channel", "http://me:secret@127.0.0.1:1?x", "http://127.0.0.1@secret.example.org"],
)
def test_an_address_with_a_password_is_refused_without_showing_it(fails: Fails, address: str, insecure: str) -> None:
    done = fails(exit_code=2, VIBERUN_CHANNEL_URL=address, VIBERUN_CHANNEL_INSECURE=insecure)
    assert done.line.endswith("the address of the channel has a user name in it; give an address without one")
    assert "secret" not in done.out + done.error


def test_a_home_that_is_not_known(person: Person) -> None:
    done = person.run(before="id() { echo 1234; }\nunset HOME\n", VIBERUN_INSTALL_BIN="", VIBERUN_CHANNEL_URL="/")
    assert done.line == "viberun install: HOME is not set; set it, or give --dir and --bin"


def test_a_command_of_somebody_else_is_left_alone(person: Person, channel: Channel) -> None:
    channel.release(NEW)
    person.bin.mkdir()
    for content in ("#!/bin/sh\nexec something else\n", ""):
        person.command.write_text(content)
        done = person.run(VIBERUN_CHANNEL_URL=str(channel.folder))
        assert done.line == (
            f"viberun install: {person.command} was not put there by this script; remove it, or give --bin"
        )
        assert person.command.read_text() == content
    person.command.unlink()
    person.command.mkdir()
    assert f"{person.command} is a folder; give --bin" in person.run(VIBERUN_CHANNEL_URL=str(channel.folder)).line


def test_a_certificate_that_nobody_signed(fails: Fails, channel: Channel, loader: str, certificate: Path) -> None:
    channel.release(NEW)
    with serving(channel.folder, certificate) as server:
        assert "certificate" in fails(before=loader, VIBERUN_CHANNEL_URL=server.url).line


def test_a_certificate_that_is_trusted(person: Person, channel: Channel, certificate: Path) -> None:
    channel.release(NEW)
    channel.sign(NEW)
    with serving(channel.folder, certificate) as server:
        person.install("--from", REPOSITORY, VIBERUN_CHANNEL_URL=server.url, CURL_CA_BUNDLE=str(certificate))
    assert person.version() == NEW


def test_no_redirection_leads_out_of_the_encryption(
    fails: Fails, channel: Channel, server: Server, certificate: Path
) -> None:
    channel.release(NEW)
    with serving(channel.folder, certificate) as encrypted:
        encrypted.answers["/channel.json"] = [redirect(f"{server.url}/channel.json")]
        line = fails(VIBERUN_CHANNEL_URL=encrypted.url, CURL_CA_BUNDLE=str(certificate)).line
    assert "can not be read: " in line
    assert server.asked == []
