"""Compares the registry's image with this host's, and with those that apps were made from; it pulls nothing."""

from __future__ import annotations

from dataclasses import dataclass

from viberun.errors import ViberunError
from viberun.server.apps.inventory import Inventory
from viberun.server.errors import DockerUnreachableError


@dataclass(frozen=True)
class CheckedImage:
    """The image that new apps are made from against the registry's, by digest.

    `has` is None where it is not on this host, or not from that registry; `behind` where either is not known.
    """

    ref: str
    has: str | None
    newest: str | None
    behind: bool | None
    problem: str | None


@dataclass(frozen=True)
class CheckedApp:
    """An app's image against the registry's, by digest; `behind` is None where either is not known."""

    app: str
    image: str
    has: str | None
    newest: str | None
    behind: bool | None
    problem: str | None


def compare(inventory: Inventory, name: str | None) -> tuple[CheckedImage, list[CheckedApp]]:
    """Compares the image and all apps, or one; the registry is asked where there is no app too.

    Raises NoSuchAppError; what keeps the registry from answering is in what comes back.
    """
    apps = inventory.apps() if name is None else [inventory.app(name)]
    wanted = inventory.wanted
    local = inventory.engine.image(str(wanted))
    here = local.digest_in(wanted.repository) if local is not None else None
    newest, problem = None, None
    try:
        newest = inventory.engine.registry_digest(str(wanted))
    except DockerUnreachableError:
        raise
    except ViberunError as error:
        problem = str(error)
    checked = [
        CheckedApp(app.name, str(wanted), app.digest, newest, _behind(app.digest, newest), problem) for app in apps
    ]
    return CheckedImage(str(wanted), here, newest, _behind(here, newest), problem), checked


def _behind(has: str | None, newest: str | None) -> bool | None:
    return None if has is None or newest is None else has != newest
