"""Two people at one host at once."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.e2e.host import hosts
from tests.e2e.host.machine import Machine
from tests.e2e.host.world import Person, World


def together(first: tuple[Person, list[str]], second: tuple[Person, list[str]]) -> list[str]:
    """Runs two commands of viberun at once; returns what each printed, and fails where one does."""
    with ThreadPoolExecutor(2) as threads:
        jobs = [threads.submit(person.call, *arguments) for person, arguments in (first, second)]
    ended = [job.result() for job in jobs]
    assert [done.returncode for done in ended] == [0, 0], "\n".join(done.stdout + done.stderr for done in ended)
    return [done.stdout for done in ended]


def test_two_setups_at_once(world: World, disk: Path) -> None:
    older = world.releases["older"]
    with world.network.host("shared", disk) as host:
        one, other = world.person(host), world.person(host)
        together((one, ["older", "setup", "shared"]), (other, ["older", "setup", "shared"]))
        assert hosts.version(host) == older.version
        assert hosts.sha256(host.path(hosts.SERVER).read_bytes()) == hosts.sha256(hosts.program(older))
        assert hosts.leftovers(host) == []
        assert hosts.images(host) == {name: older.digest(name) for name in older.images}


def test_two_updates_to_different_builds_leave_one_of_them(host: Machine, world: World) -> None:
    """Whoever comes last has a whole server; the record tells of one that was there."""
    newer, twin = world.releases["newer"], world.releases["twin"]
    one, other = world.person(host), world.person(host)
    together((one, ["newer", "update", "settled", "--yes"]), (other, ["twin", "update", "settled", "--yes"]))
    assert hosts.version(host) in (newer.version, twin.version)
    assert hosts.record(host)["version"] in (newer.version, twin.version)
    assert hosts.leftovers(host) == []


def test_two_make_the_same_app_at_once(host: Machine, world: World) -> None:
    one, other = world.person(host), world.person(host)
    one.run("older", "update", "settled")
    for person in (one, other):
        person.run("older", "setup", "settled")
    together((one, ["older", "vibe", "pair"]), (other, ["older", "vibe", "pair"]))
    try:
        assert one.run("older", "apps").count("pair") == 1
    finally:
        one.run("older", "rm", "pair", "--yes")
