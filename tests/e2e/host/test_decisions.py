"""Whether the server gets another version, for real: the design's table, on a terminal and without one."""

import pytest

from tests.e2e.host import hosts
from tests.e2e.host.machine import Machine
from tests.e2e.host.world import Person, World

_GARBAGE = {
    "text": "#!/bin/sh\necho hello\n",
    "bytes": "#!/bin/sh\nhead -c 100000 /dev/urandom\n",
    "without a version": "#!/bin/sh\necho '{\"protocol\": 1}'\n",
    "another version": '#!/bin/sh\necho \'{"version": "v7-final", "protocol": 1, "commit": null}\'\n',
    "endless": "#!/bin/sh\nyes '{'\n",
    "not a program": "\x7fELF and no more",
}


def answered(person: Person, client: str, question: str, answer: str) -> tuple[str, int]:
    """Runs `viberun update` on a terminal; returns what is written there, and the exit status."""
    update = person.terminal(client, "update", "settled", NO_COLOR="1")
    update.expect(question)
    update.enter(answer)
    status = update.end()
    return update.said, status


def test_an_older_server_is_updated_on_enter(host: Machine, person: Person, world: World) -> None:
    older, newer = world.releases["older"], world.releases["newer"]
    question = f"Server is {older.version}. Update to {newer.version}? [Y/n] "
    said, status = answered(person, "newer", question, "")
    assert status == 0, said
    assert f"  server  {newer.version}" in said
    assert hosts.version(host) == newer.version
    assert hosts.images(host) == {name: newer.digest(name) for name in newer.images}
    assert hosts.record(host)["version"] == newer.version
    previous = host.path(f"{hosts.SERVER}.previous").read_bytes()
    assert hosts.sha256(previous) == hosts.sha256(hosts.program(older))


def test_no_leaves_it(host: Machine, person: Person, world: World) -> None:
    said, status = answered(person, "newer", "[Y/n] ", "n")
    assert status == 0, said
    assert hosts.version(host) == world.releases["older"].version


def test_an_interrupt_at_the_question_leaves_it(host: Machine, person: Person, world: World) -> None:
    update = person.terminal("newer", "update", "settled")
    update.expect("[Y/n]")
    update.interrupt()
    assert update.end() == 130, update.said
    assert "Traceback" not in update.said
    assert hosts.version(host) == world.releases["older"].version


def test_without_a_terminal_the_default_is_taken_and_printed(host: Machine, person: Person, world: World) -> None:
    said = person.run("newer", "update", "settled")
    older, newer = world.releases["older"], world.releases["newer"]
    assert f"Server is {older.version}. Update to {newer.version}? Yes" in said
    assert "\x1b" not in said
    assert "\r" not in said
    assert hosts.version(host) == newer.version


def test_no_update_decides(host: Machine, person: Person, world: World) -> None:
    person.run("newer", "update", "settled", "--no-update")
    assert hosts.version(host) == world.releases["older"].version


def test_the_same_version_is_no_question(host: Machine, person: Person, world: World) -> None:
    said = person.run("older", "update", "settled")
    assert "?" not in said
    assert "up to date" in said
    assert hosts.version(host) == world.releases["older"].version


def test_an_older_client_leaves_a_newer_server_and_says_so(host: Machine, person: Person, world: World) -> None:
    newer = world.releases["newer"]
    hosts.put(host, hosts.program(newer))
    said = person.run("older", "update", "settled", VIBERUN_INSTALL_METHOD="npx")
    assert "?" not in said
    assert f"Server is {newer.version}, which is newer than this client" in said
    assert "npx --prefer-online -y viberun@dev" in said
    assert hosts.version(host) == newer.version


@pytest.mark.parametrize("there", ["prod", "twin"])
def test_a_dev_client_asks_of_a_server_that_it_cannot_compare(
    there: str, host: Machine, person: Person, world: World
) -> None:
    newer = world.releases["newer"]
    hosts.put(host, hosts.program(world.releases[there]))
    question = f"Server is {world.releases[there].version}. Update to {newer.version}? [Y/n] "
    said, status = answered(person, "newer", question, "")
    assert status == 0, said
    assert hosts.version(host) == newer.version


@pytest.mark.parametrize("garbage", _GARBAGE)
def test_a_dev_client_asks_of_a_server_that_nobody_understands(
    garbage: str, host: Machine, person: Person, world: World
) -> None:
    hosts.put(host, _GARBAGE[garbage].encode())
    question = f"Server is of an unknown version. Update to {world.releases['newer'].version}? [Y/n] "
    said, status = answered(person, "newer", question, "")
    assert status == 0, said
    assert hosts.version(host) == world.releases["newer"].version


def test_a_prod_client_leaves_a_dev_server_on_enter(host: Machine, person: Person, world: World) -> None:
    older, prod = world.releases["older"], world.releases["prod"]
    said, status = answered(person, "prod", f"Server is {older.version}. Update to {prod.version}? [y/N] ", "")
    assert status == 0, said
    assert hosts.version(host) == older.version


def test_a_prod_client_leaves_what_nobody_understands(host: Machine, person: Person, world: World) -> None:
    hosts.put(host, _GARBAGE["text"].encode())
    answered(person, "prod", "Server is of an unknown version. Update to 1.2.3? [y/N] ", "")
    assert host.path(hosts.SERVER).read_text() == _GARBAGE["text"]


def test_a_prod_client_that_is_told_to_takes_server_and_images_to_prod(
    host: Machine, person: Person, world: World
) -> None:
    prod = world.releases["prod"]
    dev = hosts.images(host)
    said = person.run("prod", "update", "settled", "--yes")
    assert hosts.version(host) == "1.2.3", said
    assert hosts.images(host, "latest") == {name: prod.digest(name) for name in prod.images}
    assert hosts.images(host) == dev
    assert "up to date" in person.run("prod", "update", "settled")
