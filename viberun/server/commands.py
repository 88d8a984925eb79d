"""Prints what the commands come to, for a person and for the client; what they do is in the other modules.

Those that need Docker are imported with the command: the SDK is slow to import.
"""

from __future__ import annotations

import argparse
import datetime
import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict

from viberun.build import Build
from viberun.protocol import OLDEST, PROTOCOL
from viberun.server import signals
from viberun.server.errors import ImageError
from viberun.server.images.reference import reference, references
from viberun.server.notes import note
from viberun.server.state import State

TYPE_CHECKING = False
if TYPE_CHECKING:
    from viberun.server.apps.app import App
    from viberun.server.apps.apps import Apps
    from viberun.server.apps.inventory import Inventory
    from viberun.server.images.images import Status
    from viberun.server.images.update_check import CheckedApp, CheckedImage

Environ = Mapping[str, str]


def version(options: argparse.Namespace, environ: Environ) -> int:
    return _answer(options, {**_version(), "oldest_protocol": OLDEST}, _table(_version()))


def self_check(options: argparse.Namespace, environ: Environ) -> int:
    from viberun.server.self_check import verify

    docker = verify(State.of(environ), environ)
    said = {**_version(), "oldest_protocol": OLDEST, "docker": asdict(docker)}
    return _answer(options, said, _table({**_version(), "docker": docker.version or docker.problem}))


def images_pull(options: argparse.Namespace, environ: Environ) -> int:
    """Pulls every image, and raises what went wrong in the end."""
    from viberun.server.engine.engine import Engine
    from viberun.server.images import images

    wanted, digests = references(environ), dict(options.digest)
    engine = Engine.connect(environ)
    report = _pulling if options.json else lambda _: None
    failed = []
    for name, image in wanted.items():
        if not options.json:
            print(f"{name}: pulling {image}", flush=True)
        pulled = images.pull(engine, State.of(environ), name, image, digests.get(name), report)
        if options.json:
            _print(asdict(pulled))
        elif pulled.problem is None:
            print(f"{name}: {pulled.status} {pulled.digest or ''}".rstrip(), flush=True)
        if pulled.problem is not None:
            failed.append(pulled.problem)
    if failed:
        raise ImageError("; ".join(failed))
    return 0


def images_status(options: argparse.Namespace, environ: Environ) -> int:
    from viberun.server.engine.engine import Engine
    from viberun.server.images import images

    found = images.status(Engine.connect(environ), references(environ))
    lines = [f"{each.name:13}  {each.ref}  {_here(each)}" for each in found]
    return _answer(options, {"images": [asdict(each) for each in found]}, lines)


def update_check(options: argparse.Namespace, environ: Environ) -> int:
    from viberun.server.images.update_check import compare

    image, apps = compare(_inventory(environ), options.app)
    lines = [f"{image.ref}  {_standing(image)}", *(f"{each.app}  {_standing(each)}" for each in apps)]
    return _answer(options, {"image": asdict(image), "apps": [asdict(each) for each in apps]}, lines)


def apps_list(options: argparse.Namespace, environ: Environ) -> int:
    found = _inventory(environ).apps(note)
    return _answer(options, {"apps": [asdict(each) for each in found]}, map(_row, found))


def apps_create(options: argparse.Namespace, environ: Environ) -> int:
    with signals.raised():
        return _tell(options, _apps(environ).create(options.app, options.reuse))


def apps_start(options: argparse.Namespace, environ: Environ) -> int:
    with signals.raised():
        return _tell(options, _apps(environ).start(options.app))


def apps_stop(options: argparse.Namespace, environ: Environ) -> int:
    return _tell(options, _apps(environ).stop(options.app))


def apps_update(options: argparse.Namespace, environ: Environ) -> int:
    from viberun.server.apps.update import update

    with signals.raised():
        updated = update(_apps(environ), options.app)
    before = updated.previous
    line = f"{options.app}: {_image(before)} -> {_image(updated.app)}" if before else f"{options.app} is up to date"
    return _answer(options, {**asdict(updated.app), "previous": asdict(before) if before else None}, [line])


def apps_attach(options: argparse.Namespace, environ: Environ) -> int:
    from viberun.server.apps.attachment import attach
    from viberun.server.apps.terminal import Terminal

    return attach(_inventory(environ), options.app, Terminal(), environ)


def apps_logs(options: argparse.Namespace, environ: Environ) -> int:
    from viberun.server.apps.logs import read

    for piece in read(_inventory(environ), options.app, options.follow, options.tail):
        sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
    return 0


def apps_rm(options: argparse.Namespace, environ: Environ) -> int:
    _apps(environ).remove(options.app, options.keep_data)
    line = f"{options.app} is removed{', its home is kept' if options.keep_data else ''}"
    return _answer(options, {"app": options.app, "removed": True, "kept": options.keep_data}, [line])


def _inventory(environ: Environ) -> Inventory:
    from viberun.server.apps.inventory import Inventory
    from viberun.server.engine.engine import Engine

    wanted = reference("viberun", environ)
    return Inventory(Engine.connect(environ), State.of(environ), wanted)


def _apps(environ: Environ) -> Apps:
    from viberun.server.apps.apps import Apps
    from viberun.server.apps.health import HealthCheck, arguments_of

    inventory = _inventory(environ)
    health_check = HealthCheck(inventory.engine, arguments_of)
    return Apps(inventory, health_check, lambda: datetime.datetime.now(datetime.timezone.utc))


def _answer(options: argparse.Namespace, document: Mapping[str, object], lines: Iterable[str]) -> int:
    """Prints the document to a client that asks for JSON, else the lines to a person."""
    for line in [json.dumps(document)] if options.json else lines:
        print(line, flush=True)
    return 0


def _tell(options: argparse.Namespace, app: App) -> int:
    return _answer(options, asdict(app), [_row(app)])


def _row(app: App) -> str:
    return f"{app.name:20}  {app.state:10}  127.0.0.1:{app.port}  {_image(app)}{'  behind' if app.behind else ''}"


def _standing(found: CheckedImage | CheckedApp) -> str:
    return {None: found.problem or "not known", True: f"behind {found.newest}", False: "up to date"}[found.behind]


def _here(image: Status) -> str:
    if image.size is None:
        return "not here"
    return f"{image.version or 'no version'}  {image.digest or 'not from a registry'}"


def _image(app: App) -> str:
    return app.version or app.digest or app.image


def _version() -> dict[str, object]:
    build = Build.embedded()
    return {"version": build.version.semver, "protocol": PROTOCOL, "commit": build.commit}


def _pulling(state: object) -> None:
    _print(asdict(state))  # type: ignore[call-overload]


def _print(document: Mapping[str, object]) -> None:
    print(json.dumps(document), flush=True)


def _table(facts: Mapping[str, object]) -> list[str]:
    return [f"{name:9} {value}" for name, value in facts.items()]
