"""Apps, as a person on a laptop has them; each test goes on with what those before it made on the host."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.e2e.host import hosts
from tests.e2e.host.hosts import Settled
from tests.e2e.host.machine import Machine
from tests.e2e.host.terminal import Terminal
from tests.e2e.host.world import Person, World

_DETACH = "\x02d"
_PAGE = "http://127.0.0.1:"


@pytest.fixture(scope="module", autouse=True)
def older_everywhere(settled: Settled, world: World) -> Iterator[Machine]:
    """The older build on the host, its server and its images."""
    hosts.put(settled.host, hosts.program(world.releases["older"]))
    settled.person.run("older", "update", "settled")
    yield settled.host
    world.promote("older")


@pytest.fixture(scope="module")
def me(settled: Settled) -> Person:
    return settled.person


def entered(person: Person, client: str, app: str) -> Terminal:
    """Attaches to the app's session and waits for its prompt."""
    session = person.terminal(client, "vibe", app)
    session.expect("\x1b[?1049h")
    session.expect("$ ")
    return session


def left(session: Terminal) -> None:
    session.type(_DETACH)
    assert session.end() == 0, session.said


def app(person: Person, name: str) -> Mapping[str, Any] | None:
    listed = json.loads(person.run("newer", "apps", "--json"))["apps"]
    return next((each for each in listed if each["name"] == name), None)


def test_vibe_makes_an_app_and_detaching_leaves_it_running(me: Person, world: World) -> None:
    session = entered(me, "older", "notes")
    session.enter("echo kept-$((40 + 2)) > file; cat file")
    session.expect("kept-42")
    left(session)
    assert "notes goes on." in session.said
    found = app(me, "notes")
    assert found
    assert (found["state"], found["version"]) == ("running", world.releases["older"].version)
    assert found["behind"] is False


def test_the_session_goes_on_where_it_was_left(me: Person) -> None:
    session = entered(me, "older", "notes")
    session.expect("kept-42")
    session.enter("viberun-service add web python3 -m http.server 8080")
    session.enter("sleep 2; viberun-service list; echo $(id -un)-$((6 * 7))")
    session.expect("viberun-42")  # tmux takes what comes at once for pasted, keys that mean something too
    left(session)


def test_open_brings_the_app_s_page_to_the_laptop(me: Person, world: World) -> None:
    page = me.terminal("older", "open", "notes", "--no-browser", NO_COLOR="1")
    page.expect("notes is at ")
    page.expect("/ until Ctrl-C.")
    address = page.said.rpartition("notes is at ")[2].split()[0]
    assert address.startswith(_PAGE)
    curl = ["curl", "--silent", "--show-error", "--fail", "--retry", "10", "--retry-all-errors", "--retry-delay", "1"]
    assert world.laptop.run(*curl, f"{address}file") == "kept-42\n"
    page.interrupt()
    assert page.end() == 0, page.said
    assert world.laptop.call("curl", "--silent", f"{address}file").returncode == 7


def test_logs_show_what_the_app_s_services_print(me: Person) -> None:
    assert "GET /file" in me.run("older", "logs", "notes")


def test_a_newer_build_is_offered_and_taken_on_enter(me: Person, world: World, settled: Settled) -> None:
    newer = world.promote("newer")
    update = me.terminal("newer", "update", NO_COLOR="1")
    update.expect(f"Server is {world.releases['older'].version}. Update to {newer.version}? [Y/n] ")
    update.enter()
    assert update.end() == 0, update.said
    assert hosts.version(settled.host) == newer.version
    found = app(me, "notes")
    assert found
    assert (found["version"], found["behind"]) == (world.releases["older"].version, True)
    assert "behind: viberun apps update notes" in me.run("newer", "apps")


def test_an_updated_app_has_the_new_image_and_its_old_home(me: Person, world: World) -> None:
    before = app(me, "notes")
    me.run("newer", "apps", "update", "notes")
    found = app(me, "notes")
    assert before
    assert found
    assert (found["version"], found["behind"]) == (world.releases["newer"].version, False)
    assert found["port"] == before["port"]
    session = entered(me, "newer", "notes")
    session.enter("cat file; viberun --version")
    session.expect("kept-42")
    session.expect(world.releases["newer"].version)
    left(session)


def test_an_older_client_still_works_and_says_that_it_is_behind(me: Person, world: World) -> None:
    done = me.call("older", "apps", VIBERUN_INSTALL_METHOD="uvx")
    assert done.returncode == 0, done.stderr
    assert "notes" in done.stdout
    (line,) = done.stderr.splitlines()
    assert f"is behind the server on settled ({world.releases['newer'].version})" in line
    assert "uvx viberun-dev@latest" in line


def test_vibe_offers_an_update_first(me: Person, world: World, settled: Settled) -> None:
    hosts.put(settled.host, hosts.program(world.releases["older"]))
    session = me.terminal("newer", "vibe", "notes", NO_COLOR="1")
    session.expect(f"Update to {world.releases['newer'].version}? [Y/n] ")
    session.enter()
    session.expect("\x1b[?1049h")
    session.expect("$ ")
    left(session)
    assert hosts.version(settled.host) == world.releases["newer"].version


def test_bare_viberun_on_a_terminal_shows_where_one_is(me: Person, world: World) -> None:
    overview = me.terminal("newer", NO_COLOR="1")
    assert overview.end() == 0, overview.said
    assert "settled" in overview.lines
    assert f"  server  {world.releases['newer'].version}" in overview.lines
    assert any(line.startswith("notes") and "running" in line for line in overview.lines)


def test_rm_asks_first(me: Person) -> None:
    asked = me.terminal("newer", "rm", "notes", NO_COLOR="1")
    asked.expect("[y/N] ")
    asked.enter()
    asked.end()
    assert app(me, "notes")
    assert me.call("newer", "rm", "notes").returncode == 2
    assert app(me, "notes")


def test_rm_can_keep_the_home(me: Person) -> None:
    me.run("newer", "rm", "notes", "--keep-data", "--yes")
    assert app(me, "notes") is None
    session = entered(me, "newer", "notes")
    session.enter("cat file")
    session.expect("kept-42")
    left(session)


def test_rm_takes_all(me: Person, settled: Settled) -> None:
    me.run("newer", "rm", "notes", "--yes")
    assert app(me, "notes") is None
    volumes = hosts.engine(settled.host, "GET", "/volumes")["Volumes"] or []
    assert not [volume["Name"] for volume in volumes if "notes" in volume["Name"]]


@pytest.mark.parametrize("command", [["logs"], ["open", "--no-browser"], ["rm", "--yes"], ["apps", "update"]])
def test_what_is_not_there_is_said_in_one_line(command: list[str], me: Person) -> None:
    done = me.call("newer", *command, "nothing")
    assert done.returncode == 4
    assert len(done.stderr.splitlines()) == 1
    assert "nothing" in done.stderr
