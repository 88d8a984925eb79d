"""What the commands print, for a person and for the client; what they do is in the other modules.

Those that need Docker are imported with the command: the SDK is slow to import.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from dataclasses import asdict

from viberun.build import Build
from viberun.protocol import PROTOCOL
from viberun.server.errors import ImageError
from viberun.server.reference import references
from viberun.server.state import State

Environ = Mapping[str, str]


def version(options: argparse.Namespace, environ: Environ) -> int:
    facts = _version()
    if options.json:
        _print(facts)
    else:
        _table(facts)
    return 0


def self_check(options: argparse.Namespace, environ: Environ) -> int:
    from viberun.server.self_check import check

    docker = check(State.of(environ), environ)
    if options.json:
        _print({**_version(), "docker": asdict(docker)})
    else:
        _table({**_version(), "docker": docker.version or docker.problem})
    return 0


def images_pull(options: argparse.Namespace, environ: Environ) -> int:
    """Every image is tried; those that failed are the error in the end."""
    from viberun.server import images
    from viberun.server.engine import Engine

    wanted, digests = references(environ), dict(options.digest)
    engine = Engine.connect(environ)
    report = _pulling if options.json else lambda _: None
    failed = []
    for name, reference in wanted.items():
        if not options.json:
            print(f"{name}: pulling {reference}", flush=True)
        pulled = images.pull(engine, name, reference, digests.get(name), report)
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
    from viberun.server import images
    from viberun.server.engine import Engine

    wanted = references(environ)
    found = images.status(Engine.connect(environ), wanted)
    if options.json:
        _print({"images": [asdict(each) for each in found]})
    else:
        for each in found:
            here = f"{each.version or 'no version'}  {each.digest or 'not from a registry'}"
            print(f"{each.name:13}  {each.ref}  {here if each.size is not None else 'not here'}")
    return 0


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
