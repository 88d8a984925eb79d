"""Pulls the images of this host by the digests of one build, and gives them the names that apps use."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from viberun.errors import ViberunError
from viberun.server.engine.engine import Engine
from viberun.server.engine.facts import Event
from viberun.server.engine.refusal import passes
from viberun.server.images.reference import Reference
from viberun.server.state import State

_ATTEMPTS = 3
_PAUSE_SECONDS = 2.0


@dataclass(frozen=True)
class Pulling:
    """How far a pull is, in bytes. `total` grows as Docker comes to know the layers."""

    image: str
    status: str
    done: int
    total: int


@dataclass(frozen=True)
class Pulled:
    """How a pull ended: `pulled`, `present` (nothing was left to do) or `failed`."""

    image: str
    status: str
    ref: str
    digest: str | None
    problem: str | None = None


@dataclass(frozen=True)
class Status:
    """An image as it is on this host; the last three are None where it is not there."""

    name: str
    ref: str
    digest: str | None
    version: str | None
    size: int | None


Report = Callable[[Pulling], None]


def pull(
    engine: Engine,
    state: State,
    name: str,
    wanted: Reference,
    digest: str | None,
    report: Report,
    sleep: Callable[[float], None] = time.sleep,
) -> Pulled:
    """Brings one image here, by `digest` if there is one, and gives it its name.

    The image that had the name is removed unless something uses it, and under the lock of the host, since
    an app may be about to be made from it. Raises nothing that one image alone is to blame for: that is in
    what comes back.
    """
    try:
        before = engine.image(str(wanted))
        fetched = _fetch(engine, name, wanted, digest, report, sleep)
        with state.locked("images pull"):
            if digest is not None:
                before = engine.image(str(wanted))
                engine.tag(f"{wanted.repository}@{digest}", wanted.repository, wanted.tag)
            now = engine.image(str(wanted))
            if before is not None and (now is None or now.id != before.id):
                engine.forget_image(before.id)
    except ViberunError as error:
        if error.exit_code == 3:
            raise
        return Pulled(name, "failed", str(wanted), digest, str(error))
    has = now.digest_in(wanted.repository) if now is not None else None
    changed = fetched and (before is None or now is None or before.id != now.id)
    return Pulled(name, "pulled" if changed else "present", str(wanted), digest or has)


def _fetch(
    engine: Engine,
    name: str,
    wanted: Reference,
    digest: str | None,
    report: Report,
    sleep: Callable[[float], None],
) -> bool:
    """Whether anything had to be asked of the registry."""
    if digest is not None and engine.image(f"{wanted.repository}@{digest}") is not None:
        return False
    for attempt in range(1, _ATTEMPTS + 1):
        meter = Meter(name, report)
        try:
            for event in engine.pull(wanted.repository, digest or wanted.tag):
                meter.take(event)
            break
        except ViberunError as error:
            if attempt == _ATTEMPTS or not passes(error.message):
                raise
            sleep(_PAUSE_SECONDS * attempt)
    return True


class Meter:
    """Adds up what a pull tells of its layers, and reports it not too often."""

    def __init__(self, image: str, report: Report, now: Callable[[], float] = time.monotonic) -> None:
        self._image = image
        self._report = report
        self._now = now
        self._layers: dict[str, tuple[int, int]] = {}
        self._last: Pulling | None = None
        self._reported = float("-inf")

    def take(self, event: Event) -> None:
        if event.layer is not None:
            if event.status == "Downloading" and event.total:
                self._layers[event.layer] = (min(event.done or 0, event.total), event.total)
            elif event.status in ("Download complete", "Pull complete", "Extracting") and event.layer in self._layers:
                total = self._layers[event.layer][1]
                self._layers[event.layer] = (total, total)
        self._tell()

    def _tell(self) -> None:
        done, total = (sum(each[i] for each in self._layers.values()) for i in (0, 1))
        state = Pulling(self._image, "pulling", done, total)
        if state == self._last or self._now() - self._reported < 0.2:
            return
        self._last, self._reported = state, self._now()
        self._report(state)


def status(engine: Engine, references: Mapping[str, Reference]) -> list[Status]:
    """Returns what is here under the names; asks no registry."""
    return [_status(engine, name, wanted) for name, wanted in references.items()]


def _status(engine: Engine, name: str, wanted: Reference) -> Status:
    image = engine.image(str(wanted))
    if image is None:
        return Status(name, str(wanted), None, None, None)
    return Status(name, str(wanted), image.digest_in(wanted.repository), image.version, image.size)
