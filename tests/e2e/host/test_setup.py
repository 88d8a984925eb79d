"""`viberun setup` on a host that has nothing, and once more."""

from tests.e2e.host import hosts
from tests.e2e.host.hosts import Settled
from tests.e2e.host.machine import Machine
from tests.e2e.host.world import Person, World


def test_it_says_what_is_there(settled: Settled, world: World) -> None:
    lines = settled.terminal.lines
    assert "settled is ready." in lines
    assert f"  server  {world.releases['older'].version}" in lines
    assert "  images  viberun (pulled), viberun-proxy (pulled)" in lines


def test_it_shows_bytes_while_it_downloads(settled: Settled) -> None:
    assert "MB (" in settled.terminal.said.partition("pulling the image viberun")[2]


def test_the_server_is_the_released_one(settled: Settled, world: World) -> None:
    assert hosts.sha256(settled.state.server) == hosts.sha256(hosts.program(world.releases["older"]))
    assert settled.state.mode == 0o755
    assert settled.state.leftovers == []


def test_the_images_have_the_build_s_digests_under_the_channel_s_names(settled: Settled, world: World) -> None:
    older = world.releases["older"]
    assert settled.state.images == {name: older.digest(name) for name in older.images}


def test_it_notes_down_what_it_did(settled: Settled, world: World) -> None:
    older, record = world.releases["older"], settled.state.record
    assert (record["version"], record["channel"], record["images_result"]) == (older.version, "dev", "complete")
    assert record["images"]["viberun"]["digest"] == older.digest("viberun")


def test_once_more_it_finds_nothing_to_do(host: Machine, person: Person) -> None:
    person.run("older", "setup", "settled")
    before = host.path(hosts.SERVER).stat()
    said = person.run("older", "setup", "settled")
    assert "up to date" in said
    assert "viberun (present), viberun-proxy (present)" in said
    assert host.path(hosts.SERVER).stat() == before


def test_nothing_is_left_running_on_the_laptop(host: Machine, person: Person, world: World) -> None:
    person.run("older", "setup", "settled")
    assert world.laptop.call("pgrep", "--euid", person.name).stdout == ""
