"""Makes, starts, stops and removes apps: each under the lock of the host, each safe to run again.

An app is a container whose home folder is a volume, so that the container can be made again at any time.
"""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from viberun.errors import ViberunError
from viberun.server.apps import app, ports
from viberun.server.apps.app import App, Record
from viberun.server.apps.health import HealthCheck
from viberun.server.apps.inventory import Inventory
from viberun.server.engine.engine import Engine
from viberun.server.engine.facts import Container, ContainerPlan, Image
from viberun.server.errors import (
    ConflictError,
    DockerUnreachableError,
    ImageError,
    NoSuchAppError,
    PortTakenError,
)
from viberun.server.state import State

# How long a container may take to end by itself, and to begin.
STOP_SECONDS = 15
_START_SECONDS = 30.0

# The same for one that is given up: while it sets itself up it can't be told to end.
_GIVE_UP_SECONDS = 5

_PORTS_TRIED = 5


@dataclass(frozen=True)
class Apps:
    """The apps of a host, to be changed."""

    inventory: Inventory
    health_check: HealthCheck
    now: Callable[[], datetime.datetime]
    listens: Callable[[int], bool] = field(default=ports.listens)

    @property
    def engine(self) -> Engine:
        return self.inventory.engine

    @property
    def state(self) -> State:
        return self.inventory.state

    def create(self, name: str, reuse: bool) -> App:
        """Makes and starts an app; with `reuse` one that is there is only started.

        Raises ConflictError where it is there without `reuse`. What fails half-way is undone.
        """
        with self._changing("create", name):
            container = self.inventory.container(name)
            if container is None:
                self._make(name)
            elif not reuse:
                raise ConflictError(f"there is an app {name!r} already", remedy="choose another name, or use --reuse")
            else:
                self._start(container)
        return self.inventory.app(name)

    def start(self, name: str) -> App:
        """Starts it, in a new container where somebody removed the one that it had."""
        with self._changing("start", name):
            container = self.inventory.container(name)
            if container is not None:
                self._start(container)
            elif self.inventory.record(name) is not None:
                self._make(name)
            else:
                raise NoSuchAppError(name)
        return self.inventory.app(name)

    def stop(self, name: str) -> App:
        """Stops it until it is started; a restart of the host does not."""
        with self._changing("stop", name):
            container = self.inventory.container(name)
            if container is not None:
                self.engine.stop(container.id, STOP_SECONDS)
        return self.inventory.app(name)

    def remove(self, name: str, keep_data: bool) -> None:
        """Removes it, and its home unless `keep_data`. The record goes last, so it can be run again."""
        with self.state.locked(f"apps rm {name}"):
            own = self.inventory.container(name)
            found = [
                own,
                self.engine.container(app.next_name(name)),
                self.engine.container(app.previous_name(name)),
            ]
            containers = [container for container in found if container is not None]
            data = not keep_data and self.engine.has_volume(app.volume_name(name))
            if not containers and not data and self.state.read(name) is None:
                raise NoSuchAppError(name)
            for container in containers:
                self.engine.stop(container.id, STOP_SECONDS)
                self.engine.remove(container.id)
            if data:
                self.engine.remove_volume(app.volume_name(name))
            self.state.forget(name)
            for image in {container.image for container in containers}:
                self.engine.forget_image(image)

    def image(self) -> Image:
        """Returns what apps are made from. Raises ImageError where it is not on this host."""
        image = self.engine.image(str(self.inventory.wanted))
        if image is None:
            raise ImageError(
                f"the image {self.inventory.wanted} is not on this host",
                remedy="pull it with 'viberun update', or 'viberun-server images pull'",
            )
        return image

    def plan(self, record: Record, image: Image, container: str) -> ContainerPlan:
        """Returns the app's container as it is to be made."""
        digest = image.digest_in(self.inventory.wanted.repository)
        return ContainerPlan(
            name=container,
            image=image.id,
            hostname=record.name,
            user=app.USER,
            volume=app.volume_name(record.name),
            home=app.HOME,
            host_port=record.port,
            container_port=app.PORT,
            environment={"PORT": str(app.PORT), "VIBERUN_APP": record.name},
            labels={
                app.LABEL: record.name,
                app.IMAGE_LABEL: str(self.inventory.wanted),
                **({app.DIGEST_LABEL: digest} if digest else {}),
            },
        )

    def restore(self, name: str) -> None:
        """Puts an app back that an update left half-way; does nothing to any other. The lock must be held.

        Every step can be cut short and is then done by the next call.
        """
        record = self.inventory.record(name)
        under_way = record.update if record is not None else None
        old = self.engine.container(under_way.container) if under_way is not None else None
        if old is None:
            self._tidy(name)
        else:
            for reference in (app.container_name(name), app.next_name(name), app.previous_name(name)):
                self._discard(reference, unless=old.id)
            if old.name != app.container_name(name):
                self.engine.rename(old.id, app.container_name(name))
        if record is None or under_way is None:
            return
        done = replace(record, update=None).to_json()
        if old is not None and under_way.running:
            try:
                self.engine.start(old.id)
            except DockerUnreachableError:
                raise  # it may well be started by the next call, as where this process is ended
            except ViberunError:  # what can't be started now is an app that is stopped, and can be removed
                self.state.write(name, done)
                raise
        self.state.write(name, done)

    def _tidy(self, name: str) -> None:
        """Removes what an update had no time to remove once it was done."""
        previous = self.engine.container(app.previous_name(name))
        if previous is not None and self.inventory.container(name) is None:
            self.engine.rename(previous.id, app.container_name(name))
        self._discard(app.next_name(name))
        self._discard(app.previous_name(name))

    @contextlib.contextmanager
    def _changing(self, what: str, name: str) -> Iterator[None]:
        with self.state.locked(f"apps {what} {name}"):
            self.restore(name)
            yield

    def _start(self, container: Container) -> None:
        if not container.running:
            self.engine.start(container.id)
            self.health_check.wait_until_begun(container.id, _START_SECONDS)

    def _make(self, name: str) -> None:
        """Makes what is missing of the app. What a failure leaves behind goes, what was there before stays."""
        image = self.image()
        kept = self.state.read(name)
        had_home = self.engine.has_volume(app.volume_name(name))
        try:
            self._make_on_a_free_port(name, image, self.inventory.record(name))
        except BaseException:
            self._discard(app.container_name(name))
            if not had_home:
                self.engine.remove_volume(app.volume_name(name))
            if kept is None:
                self.state.forget(name)
            raise

    def _make_on_a_free_port(self, name: str, image: Image, known: Record | None) -> None:
        taken = self.inventory.ports() - ({known.port} if known else set())
        for attempt in range(1, _PORTS_TRIED + 1):
            if known is not None and attempt == 1 and not self.listens(known.port):
                port = known.port
            else:
                port = ports.choose(taken, self.listens)
            created = known.created if known else f"{self.now():%Y-%m-%dT%H:%M:%SZ}"
            record = Record(name, port, str(self.inventory.wanted), created, more=known.more if known else {})
            self.state.write(name, record.to_json())
            self.engine.make_volume(app.volume_name(name), {app.LABEL: name})
            container = self.engine.create(self.plan(record, image, app.container_name(name)))
            try:
                self.engine.start(container)
            except PortTakenError:
                if attempt == _PORTS_TRIED:
                    raise
                taken.add(port)
                self.engine.remove(container)
            else:
                return self.health_check.wait_until_begun(container, _START_SECONDS)

    def _discard(self, reference: str, unless: str | None = None) -> None:
        container = self.engine.container(reference)
        if container is not None and container.id != unless and app.LABEL in container.labels:
            self.engine.stop(container.id, _GIVE_UP_SECONDS)
            self.engine.remove(container.id)
