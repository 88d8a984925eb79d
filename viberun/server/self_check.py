"""Verifies that this binary is sound: all that it will need can be imported, and its state folder written."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass

from viberun.errors import ViberunError
from viberun.server.state import State


@dataclass(frozen=True)
class Docker:
    """How Docker is: its version, or what keeps it from being reached."""

    reachable: bool
    version: str | None
    problem: str | None


def verify(state: State, environ: Mapping[str, str]) -> Docker:
    """Raises ViberunError where this binary is not sound; Docker's absence says nothing about it."""
    import viberun.server

    for module in pkgutil.walk_packages(viberun.server.__path__, "viberun.server."):
        try:
            importlib.import_module(module.name)
        except Exception as error:  # a damaged module can fail in any way
            raise ViberunError(
                f"{module.name} can't be imported: {type(error).__name__}: {error}",
                remedy="install viberun-server again",
            ) from None
    state.prove_writable()
    return docker(environ)


def docker(environ: Mapping[str, str]) -> Docker:
    from viberun.server.engine.engine import Engine

    try:
        return Docker(True, Engine.connect(environ).version(), None)
    except ViberunError as error:
        return Docker(False, None, str(error))
