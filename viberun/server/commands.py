"""Prints what the commands come to, for a person and for the client; what they do is in the other modules.

Those that need Docker are imported with the command: the SDK is slow to import.
"""

from __future__ import annotations

import argparse
import datetime
import json
import sys
from collections.abc import Mapping, Sequence
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
    from viberun.server.images.update_check import CheckedApp, CheckedImage

Environ = Mapping[str, str]


def version(options: argparse.Namespace, environ: Environ) -> int:
    facts = _version()
    if options.json:
        _print({**facts, "oldest_protocol": OLDEST})
    else:
        _table(facts)
    return 0


def self_check(options: argparse.Namespace, environ: Environ) -> int:
    from viberun.server.self_check import verify

    docker = verify(State.of(environ), environ)
    if options.json:
        _print({**_version(), "oldest_protocol": OLDEST, "docker": asdict(docker)})
    else:
        _table({**_version(), "docker": docker.version or docker.problem})
    return 0


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

    wanted = references(environ)
    found = images.status(Engine.connect(environ), wanted)
    if options.json:
        _print({"images": [asdict(each) for each in found]})
    else:
        for each in found:
            here = f"{each.version or 'no version'}  {each.digest or 'not from a registry'}"
            print(f"{each.name:13}  {each.ref}  {here if each.size is not None else 'not here'}")
    return 0


def update_check(options: argparse.Namespace, environ: Environ) -> int:
    from viberun.server.images.update_check import compare

    image, apps = compare(_inventory(environ), options.app)
    if options.json:
        _print({"image": asdict(image), "apps": [asdict(each) for each in apps]})
        return 0
    print(f"{image.ref}  {_standing(image)}")
    for each in apps:
        print(f"{each.app}  {_standing(each)}")
    return 0


def apps_list(options: argparse.Namespace, environ: Environ) -> int:
    found = _inventory(environ).apps(note)
    if options.json:
        _print({"apps": [asdict(each) for each in found]})
    else:
        _rows(found)
    return 0


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
    if options.json:
        previous = asdict(updated.previous) if updated.previous else None
        _print({**asdict(updated.app), "previous": previous})
    elif updated.previous is None:
        print(f"{options.app} is up to date")
    else:
        print(f"{options.app}: {_image(updated.previous)} -> {_image(updated.app)}")
    return 0


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
    if not options.json:
        print(f"{options.app} is removed{', its home is kept' if options.keep_data else ''}")
    else:
        _print({"app": options.app, "removed": True, "kept": options.keep_data})
    return 0


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


def _tell(options: argparse.Namespace, app: App) -> int:
    if options.json:
        _print(asdict(app))
    else:
        _rows([app])
    return 0


def _rows(apps: Sequence[App]) -> None:
    for app in apps:
        behind = "  behind" if app.behind else ""
        print(f"{app.name:20}  {app.state:10}  127.0.0.1:{app.port}  {_image(app)}{behind}")


def _standing(found: CheckedImage | CheckedApp) -> str:
    return {None: found.problem or "not known", True: f"behind {found.newest}", False: "up to date"}[found.behind]


def _image(app: App) -> str:
    return app.version or app.digest or app.image


def _version() -> dict[str, object]:
    build = Build.embedded()
    return {"version": build.version.semver, "protocol": PROTOCOL, "commit": build.commit}


def _pulling(state: object) -> None:
    _print(asdict(state))  # type: ignore[call-overload]


def _print(document: Mapping[str, object]) -> None:
    print(json.dumps(document), flush=True)


def _table(facts: Mapping[str, object]) -> None:
    for name, value in facts.items():
        print(f"{name:9} {value}")
