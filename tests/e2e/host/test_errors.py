"""What goes wrong, provoked: each ends in one clear line with what to do, and leaves the host as it was."""

import io
import re
import subprocess
import tarfile
from collections.abc import Iterator, Mapping
from http import HTTPStatus

import pytest

from tests.e2e.host import hosts, network
from tests.e2e.host.machine import Machine
from tests.e2e.host.release import PLACES
from tests.e2e.host.sites import Answer, Rule, Site, serving
from tests.e2e.host.world import Person, World

_DEV = PLACES["dev"]


@pytest.fixture(scope="module")
def bare(world: World) -> Iterator[Machine]:
    """A host without Docker, and with an archive that has no packages."""
    with world.network.host("bare") as host:
        yield host


def failed(done: "subprocess.CompletedProcess[str]", status: int = 1) -> str:
    """The one line on standard error of a command that ended with that status."""
    assert done.returncode == status, done.stdout + done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert re.fullmatch(r"viberun: .+; .+\n", done.stderr), done.stderr
    assert "Traceback" not in done.stdout
    return done.stderr


def nothing_at(pattern: str) -> Rule:
    """Nothing is there at the paths that `pattern` finds."""
    return lambda path: Answer(HTTPStatus.NOT_FOUND, b"Not Found") if re.search(pattern, path) else None


def answering(answers: Mapping[str, bytes]) -> Rule:
    """Other content of what is at paths that end so."""
    return lambda path: next((Answer(body=body) for end, body in answers.items() if path.endswith(end)), None)


def test_a_missing_release_names_what_was_looked_for(host: Machine, person: Person, world: World) -> None:
    world.github.requests.clear()
    with world.github.instead(nothing_at(_DEV)):
        line = failed(person.call("newer", "update", "settled"))
    assert f"https://github.com{_DEV}/channel.json" in line
    assert not [path for path in world.github.requests if not path.startswith(f"{_DEV}/")], "asked for prod's"
    assert hosts.version(host) == world.releases["older"].version


def test_a_release_without_this_architecture_names_it(host: Machine, person: Person, world: World) -> None:
    newer = world.releases["newer"]
    world.github.requests.clear()
    others = [file for file in newer.manifest["files"] if file["kind"] != "server"]
    with world.github.instead(answering(newer.of(others))):
        line = failed(person.call("newer", "update", "settled"))
    assert "linux-amd64" in line
    assert newer.version in line
    assert not [path for path in world.github.requests if ".tar.gz" in path or not path.startswith(f"{_DEV}/")]
    assert hosts.version(host) == world.releases["older"].version


def test_an_asset_that_is_gone_is_named(host: Machine, person: Person, world: World) -> None:
    with world.github.instead(nothing_at(r"viberun-server-.*\.tar\.gz")):
        line = failed(person.call("newer", "update", "settled"))
    assert "viberun-server-0.0.0-dev.20260126080000-0ae0002-linux-amd64.tar.gz" in line
    assert hosts.version(host) == world.releases["older"].version


def wrong_bytes(world: World, times: int) -> Rule:
    """Other bytes of the same length, for the first `times` that the server of `newer` is asked for."""
    content = bytearray(world.releases["newer"].file("server").read_bytes())
    content[len(content) // 2] ^= 1
    left = [times]

    def rule(path: str) -> Answer | None:
        if not re.search(r"viberun-server-.*\.tar\.gz", path) or not left[0]:
            return None
        left[0] -= 1
        return Answer(body=bytes(content))

    return rule


def test_other_bytes_than_the_manifest_s_are_not_installed(host: Machine, person: Person, world: World) -> None:
    world.github.requests.clear()
    with world.github.instead(wrong_bytes(world, 9)):
        line = failed(person.call("newer", "update", "settled"))
    assert "is not what the manifest says" in line
    assert hosts.version(host) == world.releases["older"].version
    assert hosts.leftovers(host) == []
    assert len([path for path in world.github.requests if ".tar.gz" in path]) == 2
    assert len([path for path in world.github.requests if path.endswith(".json")]) == 2


def test_bytes_that_were_wrong_once_are_fetched_again(host: Machine, person: Person, world: World) -> None:
    with world.github.instead(wrong_bytes(world, 1)):
        person.run("newer", "update", "settled")
    assert hosts.version(host) == world.releases["newer"].version


_DENIED = b'{"errors": [{"code": "DENIED", "message": "requested access to the resource is denied"}]}'


def test_images_that_cannot_be_pulled_are_a_warning(host: Machine, person: Person, world: World) -> None:
    older, newer = world.releases["older"], world.releases["newer"]
    person.run("older", "update", "settled")
    hosts.forget(host, newer)
    denying = Site(rules=[lambda path: Answer(HTTPStatus.FORBIDDEN, _DENIED)])
    with world.registry_replaced(denying):
        done = person.call("newer", "update", "settled")
    assert done.returncode == 0, done.stderr
    assert "warning: the image viberun could not be pulled as ghcr.io/example/viberun/viberun:dev" in done.stderr
    assert hosts.version(host) == newer.version
    assert hosts.images(host) == {name: older.digest(name) for name in older.images}, "the names stay where they were"
    assert hosts.record(host)["images_result"] == "failed"
    person.run("newer", "update", "settled")
    assert hosts.images(host) == {name: newer.digest(name) for name in newer.images}
    assert hosts.record(host)["images_result"] == "complete"


def test_docker_that_cannot_be_installed_says_why(bare: Machine, world: World) -> None:
    with world.archive.instead(nothing_at(r"\.deb$")):
        line = failed(world.person(bare).call("older", "setup", "bare"))
    assert "Docker could not be installed on bare: E: " in line
    assert not bare.path(hosts.SERVER).exists()


def test_docker_that_does_not_run_is_said(host: Machine, person: Person) -> None:
    hosts.stop_docker(host)
    try:
        assert "Docker on settled can't be reached" in failed(person.call("older", "update", "settled"), 3)
        assert "Docker" in failed(person.call("older", "apps", "--host", "settled"), 3)
    finally:
        hosts.start_docker(host)


def test_setup_starts_docker_where_it_does_not_run(host: Machine, person: Person) -> None:
    hosts.stop_docker(host)
    try:
        person.run("older", "setup", "settled")
    finally:
        hosts.start_docker(host)


def test_who_may_not_become_root_is_told_how(bare: Machine, world: World) -> None:
    person, rule = world.person(bare), bare.path("/etc/sudoers.d/me")
    text = rule.read_text()
    rule.unlink()
    try:
        assert "NOPASSWD" in failed(person.call("older", "setup", "bare"))
        bare.root("mv /usr/bin/sudo /usr/bin/sudo.away")
        assert "there is no sudo" in failed(person.call("older", "setup", "bare"))
    finally:
        bare.root("mv /usr/bin/sudo.away /usr/bin/sudo")
        rule.write_text(text)


def test_a_changed_host_key_stops_everything(host: Machine, person: Person, world: World) -> None:
    known = person.home / ".ssh/known_hosts"
    key = world.laptop.path("/home/me/.ssh/id_ed25519.pub").read_text()
    known.write_text(f"settled {key}")
    line = failed(person.call("newer", "update", "settled"), 7)
    assert "the host key of settled has changed" in line
    assert "ssh-keygen -R" in line


def test_a_host_that_is_not_known_is_not_trusted_without_a_terminal(host: Machine, world: World) -> None:
    line = failed(world.person().call("newer", "update", "settled"), 7)
    assert "the host key of settled is not known" in line


def test_who_is_not_let_in_is_told(host: Machine, person: Person) -> None:
    (person.home / ".ssh/id_ed25519").unlink()
    assert "settled does not let you log in" in failed(person.call("newer", "update", "settled"), 7)


def test_a_host_that_is_not_there_is_said(world: World) -> None:
    person = world.person()
    assert "there is no host nowhere" in failed(person.call("older", "setup", "nowhere"), 7)
    assert "github.com refuses the connection" in failed(person.call("older", "setup", "github.com"), 7)


@pytest.mark.parametrize("command", ["setup", "update"])
def test_a_full_disk_is_said_and_changes_nothing(command: str, host: Machine, person: Person, world: World) -> None:
    """A small disk of its own for programs, with the server on it and no room for another."""
    server = host.path(hosts.SERVER).read_bytes()
    host.root("mount -t tmpfs -o size=16m,mode=755 tmpfs /usr/local/bin")
    try:
        hosts.put(host, server)
        line = failed(person.call("newer", command, "settled"))
        assert "the disk of settled is full" in line
        assert hosts.version(host) == world.releases["older"].version
        assert hosts.leftovers(host) == []
    finally:
        host.root("umount /usr/local/bin")


def test_another_linux_is_refused(bare: Machine, world: World) -> None:
    bare.root("cp /etc/os-release /tmp/os-release; printf 'ID=fedora\\nVERSION_ID=42\\n' > /tmp/other")
    bare.root("mount --bind /tmp/other /etc/os-release")
    try:
        line = failed(world.person(bare).call("older", "setup", "bare"))
    finally:
        bare.root("umount /etc/os-release")
    assert "bare runs fedora 42" in line
    assert "Debian or Ubuntu" in line


def test_plain_http_takes_a_word(host: Machine, person: Person, world: World) -> None:
    plain = Site(files=dict(world.github.files))
    address = f"http://github.com{_DEV}"
    with serving(plain, world.laptop, network.GITHUB, 80):
        line = failed(person.call("newer", "update", "settled", VIBERUN_CHANNEL_URL=address))
        assert address in line
        assert "https" in line
        assert plain.requests == []
        assert hosts.version(host) == world.releases["older"].version
        person.run("newer", "update", "settled", VIBERUN_CHANNEL_URL=address, VIBERUN_CHANNEL_INSECURE="1")
    assert hosts.version(host) == world.releases["newer"].version


def test_a_host_that_cannot_reach_the_channel_gets_it_through_the_client(
    host: Machine, person: Person, world: World
) -> None:
    names = host.path("/etc/hosts")
    before = names.read_text()
    names.write_text(before.replace("github.com", "github.invalid"))
    try:
        person.run("newer", "update", "settled")
    finally:
        names.write_text(before)
    assert hosts.version(host) == world.releases["newer"].version


def broken(world: World) -> Rule:
    """A newer release as it should be, but for a server that does not start."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tarball:
        member, program = tarfile.TarInfo("viberun-server"), b"#!/bin/sh\necho no luck >&2\nexit 1\n"
        member.size, member.mode = len(program), 0o755
        tarball.addfile(member, io.BytesIO(program))
    content = packed.getvalue()
    facts = {"size": len(content), "sha256": hosts.sha256(content)}
    newer = world.releases["newer"]
    files = [{**file, **facts} if file["kind"] == "server" else file for file in newer.manifest["files"]]
    return answering({**newer.of(files), ".tar.gz": content})


def test_a_new_server_that_does_not_work_is_not_kept(host: Machine, person: Person, world: World) -> None:
    with world.github.instead(broken(world)):
        line = failed(person.call("newer", "update", "settled"))
    assert "the new server does not work on settled: no luck" in line
    assert hosts.version(host) == world.releases["older"].version
    assert hosts.leftovers(host) == []
