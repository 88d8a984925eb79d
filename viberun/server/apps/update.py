"""Moves an app to the image that new apps are made from, and keeps its old container until the new one is well.

The order is what makes it safe to be killed at any point: first the record says which container is
replaced, last it says that none is. In between `Apps.restore` puts everything back.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

from viberun.errors import ViberunError
from viberun.server.apps import app
from viberun.server.apps.app import App, Record, Update
from viberun.server.apps.apps import STOP_SECONDS, Apps
from viberun.server.engine.facts import Container, Image
from viberun.server.errors import NoSuchAppError, StateError, UpdateError

# How long the new container has to be well on end, and how long it may take to get there.
SETTLE_SECONDS = 3.0
LIMIT_SECONDS = 60.0


@dataclass(frozen=True)
class Updated:
    """The app, and what it was before; None where there was nothing to do."""

    app: App
    previous: App | None


def update(apps: Apps, name: str, settle: float = SETTLE_SECONDS) -> Updated:
    """Makes the app's container anew from the newest image here; its home stays.

    An app that was stopped is started for as long as it takes to see that it is well. Raises UpdateError
    where it is not: then the old container is what it was. Raises StateError where there is no container.
    """
    with apps.state.locked(f"apps update {name}"):
        apps.restore(name)
        before = apps.inventory.app(name)
        record, old = apps.inventory.record(name), apps.inventory.container(name)
        if record is None:
            raise NoSuchAppError(name)
        if old is None:
            remedy = f"start it with 'viberun-server apps start {name}', which makes another"
            raise StateError(f"somebody removed the container of app {name!r}", remedy=remedy)
        image = apps.image()
        if old.image == image.id:
            return Updated(before, None)
        under_way = replace(record, update=Update(old.id, old.kept_running))
        apps.state.write(name, under_way.to_json())
        with _restoring(apps, name):
            _replace(apps, under_way, old, image, settle)
            apps.state.write(name, replace(record, image=str(apps.inventory.wanted)).to_json())
        apps.engine.remove(old.id)
        apps.engine.forget_image(old.image)
    return Updated(apps.inventory.app(name), before)


def _replace(apps: Apps, record: Record, old: Container, image: Image, settle: float) -> None:
    engine, name = apps.engine, record.name
    new = engine.create(apps.plan(record, image, app.next_name(name)))
    engine.stop(old.id, STOP_SECONDS)
    engine.rename(old.id, app.previous_name(name))
    engine.rename(new, app.container_name(name))
    engine.start(new)
    apps.health_check.wait(new, settle, LIMIT_SECONDS)
    if record.update is None or not record.update.running:
        engine.stop(new, STOP_SECONDS)


@contextlib.contextmanager
def _restoring(apps: Apps, name: str) -> Iterator[None]:
    try:
        yield
    except ViberunError as error:
        apps.restore(name)
        raise UpdateError(f"app {name!r} stays as it was: {error}") from None
    except BaseException:
        apps.restore(name)
        raise
