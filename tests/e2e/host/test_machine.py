"""The machines themselves: what the other tests rely on, told apart from what they test."""

from tests.e2e.host.release import PLACES
from tests.e2e.host.world import World


def test_a_host_reaches_the_places_that_the_product_names(world: World) -> None:
    older = world.releases["older"]
    name = next(file["name"] for file in older.manifest["files"] if file["kind"] == "server")
    with world.network.host("probe") as host:
        curl = ["curl", "--fail", "--silent", "--show-error", "--location"]
        host.run(*curl, "--output", "/tmp/server", f"https://github.com{PLACES['dev']}/{name}")
        assert host.path("/tmp/server").read_bytes() == older.file("server").read_bytes()
        assert '"dev"' in host.run(*curl, "https://ghcr.io/v2/example/viberun/viberun/tags/list")
        assert host.run("sh", "-c", "command -v dockerd viberun-server python3 || echo nothing") == "nothing\n"


def test_a_person_logs_in_and_becomes_root(world: World) -> None:
    with world.network.host("probe") as host:
        person = world.person(host)
        assert world.laptop.run("ssh", "probe", "sudo -n id -u", user=person.name) == "0\n"
