from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from viberun.errors import ViberunError
from viberun.server.apps.app import Record, Update
from viberun.server.apps.inventory import Inventory
from viberun.server.engine.facts import Container, Image
from viberun.server.errors import ConflictError, NoSuchAppError, StateError
from viberun.server.images.reference import Reference
from viberun.server.state import State

WANTED = Reference("r/viberun", "dev")
OLD, NEW = "sha256:" + "0" * 64, "sha256:" + "1" * 64


@dataclass
class Docker:
    """Containers and images that there are."""

    made: list[Container] = field(default_factory=list)
    images: dict[str, Image] = field(default_factory=dict)

    def containers(self, label: str) -> list[Container]:
        return [each for each in self.made if label in each.labels]

    def container(self, reference: str) -> Container | None:
        return next((each for each in self.made if reference in (each.id, each.name)), None)

    def image(self, reference: str) -> Image | None:
        return self.images.get(reference)


def inventory(tmp_path: Path, docker: Docker) -> Inventory:
    return Inventory(docker, State(tmp_path), WANTED)  # type: ignore[arg-type]


def container(name: str, **facts: object) -> Container:
    labels = {"dev.viberun.app": name, "dev.viberun.image": "r/viberun:dev"}
    known: dict[str, object] = {"state": "running", "image": "old", "labels": labels, "port": 20000, "created": "then"}
    return Container(**{"id": f"id-{name}", "name": f"viberun-app-{name}", **known, **facts})  # type: ignore[arg-type]


IMAGES = {
    "old": Image("old", (), (f"r/viberun@{OLD}",), {"org.opencontainers.image.version": "1"}, 1),
    "r/viberun:dev": Image("new", ("r/viberun:dev",), (f"r/viberun@{NEW}",), {}, 1),
}


def test_an_app_is_its_record_and_its_container(tmp_path: Path) -> None:
    found = inventory(tmp_path, Docker([container("demo")], IMAGES))
    found.state.write("demo", Record("demo", 20000, "r/viberun:dev", "then").to_json())
    (app,) = found.apps()
    assert vars(app) == {
        "name": "demo",
        "state": "running",
        "image": "r/viberun:dev",
        "digest": OLD,
        "version": "1",
        "port": 20000,
        "behind": True,
        "created": "then",
    }


def test_without_a_record_the_container_tells_the_same(tmp_path: Path) -> None:
    with_record = inventory(tmp_path / "a", Docker([container("demo")], IMAGES))
    with_record.state.write("demo", Record("demo", 20000, "r/viberun:dev", "then").to_json())
    assert inventory(tmp_path / "b", Docker([container("demo")], IMAGES)).apps() == with_record.apps()


def test_without_a_container_the_record_tells_what_it_can(tmp_path: Path) -> None:
    found = inventory(tmp_path, Docker(images=IMAGES))
    found.state.write("demo", Record("demo", 20007, "r/viberun:dev", "then").to_json())
    app = found.app("demo")
    assert (app.state, app.port, app.digest, app.behind) == ("missing", 20007, None, None)
    assert found.ports() == {20007}


def test_an_image_that_is_gone_leaves_the_digest_that_the_container_was_made_from(tmp_path: Path) -> None:
    labels = {"dev.viberun.app": "demo", "dev.viberun.image": "r/viberun:dev", "dev.viberun.digest": OLD}
    app = inventory(tmp_path, Docker([container("demo", labels=labels)])).app("demo")
    assert (app.digest, app.version, app.behind) == (OLD, None, None)


def test_an_update_that_is_under_way_is_seen(tmp_path: Path) -> None:
    found = inventory(tmp_path, Docker([container("demo")], IMAGES))
    found.state.write("demo", Record("demo", 20000, "r/viberun:dev", "then", Update("id-demo", True)).to_json())
    assert found.app("demo").state == "updating"


def test_a_container_of_another_s_is_a_conflict(tmp_path: Path) -> None:
    found = inventory(tmp_path, Docker([container("demo", labels={})]))
    assert found.names() == []
    with pytest.raises(ConflictError, match="viberun-app-demo that is not viberun's"):
        found.container("demo")


def test_a_container_of_another_s_under_an_app_s_name_hides_no_other_app(tmp_path: Path) -> None:
    found = inventory(tmp_path, Docker([container("a"), container("b", labels={}), container("c", labels={})]))
    found.state.write("a", Record("a", 20000, "r/viberun:dev", "then").to_json())
    found.state.write("b", Record("b", 20001, "r/viberun:dev", "then").to_json())
    found.state.write("c", "{")
    left_out: list[ViberunError] = []
    assert [(app.name, app.state, app.port) for app in found.apps(left_out.append)] == [
        ("a", "running", 20000),
        ("b", "conflict", 20001),
    ]
    assert [type(error) for error in left_out] == [ConflictError]
    assert found.ports() == {20000, 20001}
    assert found.app("b").behind is None
    for ask in (found.running, found.container):
        with pytest.raises(ConflictError):
            ask("b")


def test_a_record_that_cannot_be_read_and_no_container_says_how_to_be_rid_of_it(tmp_path: Path) -> None:
    found = inventory(tmp_path, Docker())
    found.state.write("demo", "{")
    with pytest.raises(StateError, match="remove it with 'viberun-server apps rm demo'"):
        found.app("demo")
    assert found.ports() == set()


def test_a_record_that_cannot_be_read_hides_no_other_app(tmp_path: Path) -> None:
    found = inventory(tmp_path, Docker([container("a"), container("c")]))
    for name in ("a", "b"):
        found.state.write(name, "{")
    left_out: list[ViberunError] = []
    assert [app.name for app in found.apps(left_out.append)] == ["a", "c"]
    assert [str(error).partition(":")[0] for error in left_out] == ["app 'b'"]
    assert [app.name for app in found.apps()] == ["a", "c"]


def test_a_file_that_is_no_app_s_is_left_alone(tmp_path: Path) -> None:
    found = inventory(tmp_path, Docker([container("a")]))
    found.state.write("a.snapshots", "[]")
    left_out: list[ViberunError] = []
    assert [app.name for app in found.apps(left_out.append)] == ["a"]
    assert left_out == []


def test_what_runs_can_be_asked_for(tmp_path: Path) -> None:
    found = inventory(tmp_path, Docker([container("a"), container("b", state="exited")]))
    assert found.running("a").id == "id-a"
    with pytest.raises(StateError, match="does not run; start it"):
        found.running("b")
    with pytest.raises(NoSuchAppError):
        found.running("c")
