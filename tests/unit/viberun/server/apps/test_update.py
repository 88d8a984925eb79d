"""An update and what puts one back, on a Docker that is made up: where each is cut short, or refused."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from viberun.server.apps.app import Record, Update
from viberun.server.apps.apps import Apps
from viberun.server.apps.inventory import Inventory
from viberun.server.apps.update import Updated, update
from viberun.server.engine.facts import Container, ContainerPlan, Image
from viberun.server.errors import (
    DockerError,
    DockerUnreachableError,
    NewerRecordError,
    NoSuchAppError,
    RecordError,
    StateError,
)
from viberun.server.images.reference import Reference
from viberun.server.state import State

WANTED = Reference("r/viberun", "dev")


@dataclass
class Docker:
    """Containers by id, of which each can be found by its name too; a start raises what `refusals` has next."""

    made: dict[str, Container] = field(default_factory=dict)
    refusals: list[BaseException] = field(default_factory=list)

    def image(self, reference: str) -> Image | None:
        return Image("new", (str(WANTED),), (), {}, 1) if reference in (str(WANTED), "new") else None

    def containers(self, label: str) -> list[Container]:
        return [each for each in self.made.values() if label in each.labels]

    def container(self, reference: str) -> Container | None:
        return next((each for each in self.made.values() if reference in (each.id, each.name)), None)

    def create(self, plan: ContainerPlan) -> str:
        identity = f"id-{len(self.made)}"
        self.made[identity] = Container(identity, plan.name, "created", plan.image, plan.labels, plan.host_port)
        return identity

    def start(self, container: str) -> None:
        if self.refusals:
            raise self.refusals.pop(0)
        self.made[container] = replace(self.made[container], state="running")

    def stop(self, container: str, seconds: int) -> None:
        self.made[container] = replace(self.made[container], state="exited")

    def rename(self, container: str, name: str) -> None:
        self.made[container] = replace(self.made[container], name=name)

    def remove(self, container: str) -> None:
        del self.made[container]

    def has_volume(self, name: str) -> bool:
        return True

    def make_volume(self, name: str, labels: Mapping[str, str]) -> None:
        """It is there."""

    def forget_image(self, image: str) -> None:
        """Nothing needs to know."""

    def log(self, container: str, follow: bool, tail: int | None) -> Iterator[bytes]:
        yield b""


class HealthCheck:
    """Finds everything well."""

    def wait(self, container: str, settle: float, limit: float) -> None:
        """It is."""

    def wait_until_begun(self, container: str, limit: float) -> None:
        """It is at once."""


@dataclass
class Desk:
    """A host with the app `demo`, made from an image that is not the newest."""

    docker: Docker
    apps: Apps

    def own(self) -> Container:
        """The app's container, which is the only one."""
        (container,) = self.docker.made.values()
        assert container.name == "viberun-app-demo"
        return container

    def update(self) -> Updated:
        return update(self.apps, "demo", settle=0)

    def record(self) -> Record:
        record = self.apps.inventory.record("demo")
        assert record is not None
        return record

    def put(self, state: str) -> None:
        self.docker.made["old"] = Container(
            "old", "viberun-app-demo", state, "old", {"dev.viberun.app": "demo"}, 20000, created="then"
        )


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    docker = Docker()
    state = State(tmp_path)
    inventory = Inventory(docker, state, WANTED)  # type: ignore[arg-type]
    now = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
    apps = Apps(inventory, HealthCheck(), lambda: now, lambda _: False)  # type: ignore[arg-type]
    state.write("demo", Record("demo", 20000, str(WANTED), "then").to_json())
    desk = Desk(docker, apps)
    desk.put("running")
    return desk


@pytest.mark.parametrize(
    ("before", "after"), [("running", "running"), ("restarting", "running"), ("exited", "exited"), ("dead", "exited")]
)
def test_an_app_runs_after_an_update_if_docker_kept_it_running_before(desk: Desk, before: str, after: str) -> None:
    desk.put(before)
    assert desk.update().app.state == after
    assert (desk.own().image, desk.own().state, desk.record().update) == ("new", after, None)


@pytest.mark.parametrize(("written", "image"), [(False, "old"), (True, "new")])
def test_an_update_that_ends_as_it_is_noted_to_be_done_is_put_back_or_tidied_up(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, written: bool, image: str
) -> None:
    write, ends = State.write, iter([False, True])

    def cut_short(state: State, name: str, text: str) -> None:
        end = next(ends, False)
        if written or not end:
            write(state, name, text)
        if end:
            raise SystemExit(143)

    monkeypatch.setattr(State, "write", cut_short)
    with pytest.raises(SystemExit):
        desk.update()
    assert (desk.own().image, desk.own().state, desk.record().update) == (image, "running", None)


@pytest.mark.parametrize("interruption", [SystemExit(143), KeyboardInterrupt(), DockerUnreachableError("gone")])
def test_putting_an_app_back_is_done_by_the_next_call_where_it_was_cut_short(
    desk: Desk, interruption: BaseException
) -> None:
    desk.put("exited")
    desk.apps.state.write("demo", replace(desk.record(), update=Update("old", True)).to_json())
    desk.docker.refusals.append(interruption)
    with pytest.raises(type(interruption)):
        desk.apps.restore("demo")
    assert desk.record().update == Update("old", True)
    desk.apps.restore("demo")
    assert (desk.own().state, desk.record().update) == ("running", None)


def test_an_app_that_docker_refuses_to_start_again_is_put_back_as_one_that_is_stopped(desk: Desk) -> None:
    desk.put("exited")
    desk.apps.state.write("demo", replace(desk.record(), update=Update("old", True)).to_json())
    desk.docker.refusals.append(DockerError("no such device"))
    with pytest.raises(DockerError):
        desk.apps.restore("demo")
    assert (desk.own().state, desk.record().update) == ("exited", None)


def test_an_app_whose_container_somebody_removed_is_to_be_started_and_another_name_is_no_app(desk: Desk) -> None:
    del desk.docker.made["old"]
    with pytest.raises(StateError, match="removed the container of app 'demo'; start it with 'viberun-server apps sta"):
        desk.update()
    with pytest.raises(NoSuchAppError):
        update(desk.apps, "other")


def test_what_a_later_server_has_noted_of_an_app_stays_whatever_this_one_does_with_it(desk: Desk) -> None:
    later = {"domain": "demo.example.org", "limits": {"memory": 2}}
    desk.apps.state.write("demo", replace(desk.record(), more=later).to_json())
    desk.update()
    assert (desk.own().image, desk.record().more) == ("new", later)
    desk.docker.made.clear()
    desk.apps.start("demo")
    assert (desk.own().image, desk.record().more) == ("new", later)


def test_an_app_whose_record_only_a_later_server_understands_is_changed_by_none_before(desk: Desk) -> None:
    desk.apps.state.write("demo", '{"schema": 3, "min_reader": 2, "name": {"of": "demo"}}')
    for change in (lambda: desk.apps.create("demo", reuse=True), lambda: desk.apps.start("demo"), desk.update):
        with pytest.raises(NewerRecordError) as raised:
            change()
        assert str(raised.value) == (
            "app 'demo': its record takes a server of schema 2, and this one reads schema 1;"
            " run 'viberun update' on a client of the newest build"
        )
    assert (desk.own().id, desk.own().state) == ("old", "running")


def test_of_a_record_that_cannot_be_read_every_change_says_how_to_be_rid_of_it(desk: Desk) -> None:
    del desk.docker.made["old"]
    desk.apps.state.write("demo", "{")
    for change in (lambda: desk.apps.create("demo", reuse=True), lambda: desk.apps.start("demo"), desk.update):
        with pytest.raises(RecordError, match="remove it with 'viberun-server apps rm demo'"):
            change()
    assert desk.docker.made == {}
