"""Finds the apps of this host: what their records say together with what Docker has.

Reads only. A record without a container is an app whose container somebody removed, and a container of
ours without a record is an app all the same.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

from viberun.app_name import NAME
from viberun.errors import InvalidError, ViberunError
from viberun.server.apps import app
from viberun.server.apps.app import App, Record
from viberun.server.engine.engine import Engine
from viberun.server.engine.facts import Container, Image
from viberun.server.errors import ConflictError, NewerRecordError, NoSuchAppError, RecordError, StateError
from viberun.server.images.reference import Reference
from viberun.server.state import State


@dataclass(frozen=True)
class Inventory:
    """`wanted` is the image that new apps are made from."""

    engine: Engine
    state: State
    wanted: Reference

    def names(self) -> list[str]:
        labelled = {container.labels[app.LABEL] for container in self.engine.containers(app.LABEL)}
        return sorted({name for name in (*self.state.names(), *labelled) if NAME.fits(name)})

    def record(self, name: str) -> Record | None:
        """Returns the app's record, made up from its container where the file is gone or is no record any more.

        Raises RecordError where it is no record and there is no container, or where a newer server wrote it.
        """
        text = self.state.read(name)
        problem = None
        if text is not None:
            try:
                return Record.from_json(text)
            except NewerRecordError as error:
                # Whatever the container tells, this server would write less than is there.
                remedy = "run 'viberun update' on a client of the newest build"
                raise NewerRecordError(f"app {name!r}: {error.message}", remedy=remedy) from None
            except InvalidError as error:
                problem = error
        container = self.container(name) or self.engine.container(app.previous_name(name))
        if container is not None and container.port is not None:
            image = container.labels.get(app.IMAGE_LABEL, str(self.wanted))
            return Record(name, container.port, image, container.created)
        if problem is not None:
            raise RecordError(f"app {name!r}: {problem}", remedy=f"remove it with 'viberun-server apps rm {name}'")
        return None

    def container(self, name: str) -> Container | None:
        """Returns the app's own container. Raises ConflictError where another has its name."""
        found = self.engine.container(app.container_name(name))
        if found is not None and found.labels.get(app.LABEL) != name:
            raise ConflictError(
                f"there is a container {found.name} that is not viberun's", remedy="rename or remove it with docker"
            )
        return found

    def running(self, name: str) -> Container:
        """Raises NoSuchAppError, or StateError where it does not run."""
        container = self.container(name)
        if container is None and self.record(name) is None:
            raise NoSuchAppError(name)
        if container is None or not container.running:
            raise StateError(f"app {name!r} does not run", remedy=f"start it with 'viberun-server apps start {name}'")
        return container

    def ports(self) -> set[int]:
        """Returns the ports that apps have, as far as there are records of them that can be read."""
        taken = set()
        for name in self.names():
            with contextlib.suppress(StateError, ConflictError):
                record = self.record(name)
                if record is not None:
                    taken.add(record.port)
        return taken

    def apps(self, left_out: Callable[[ViberunError], None] = lambda _: None) -> list[App]:
        """Returns all apps but those whose record can't be read where there is no container of theirs either.

        `left_out` is told why.
        """
        found = []
        local = self.engine.image(str(self.wanted))
        for name in self.names():
            try:
                record = self.record(name)
            except (RecordError, ConflictError) as error:
                left_out(error)
                continue
            if record is not None:  # else removed in the meantime
                found.append(self._app(record, local))
        return found

    def app(self, name: str) -> App:
        """Raises NoSuchAppError."""
        record = self.record(name)
        if record is None:
            raise NoSuchAppError(name)
        return self._app(record, self.engine.image(str(self.wanted)))

    def _app(self, record: Record, local: Image | None) -> App:
        try:
            container = self.container(record.name)
            state = "missing" if container is None else container.state
        except ConflictError:  # it hides no other app; whoever changes this one hears of it
            container, state = None, "conflict"
        if record.update is not None:
            state = "updating"
        image = None if container is None else self.engine.image(container.image)
        repository = Reference.parse(record.image, "the app's image").repository
        digest = image.digest_in(repository) if image is not None else None
        if digest is None and container is not None:
            digest = container.labels.get(app.DIGEST_LABEL)
        return App(
            name=record.name,
            state=state,
            image=record.image,
            digest=digest,
            version=image.version if image is not None else None,
            port=record.port,
            behind=None if container is None or local is None else container.image != local.id,
            created=record.created,
        )
