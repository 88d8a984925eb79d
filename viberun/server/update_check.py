"""Whether the registry has another image than apps were made from; nothing is pulled."""

from __future__ import annotations

from dataclasses import dataclass

from viberun.errors import ViberunError
from viberun.server.errors import DockerUnreachableError
from viberun.server.inventory import Inventory


@dataclass(frozen=True)
class Checked:
    """An app's image against the registry's, by digest; `behind` is None where either is not known."""

    app: str
    image: str
    has: str | None
    newest: str | None
    behind: bool | None
    problem: str | None


def check(inventory: Inventory, name: str | None) -> list[Checked]:
    """All apps, or one. Raises NoSuchAppError; what keeps the registry from answering is in what comes back."""
    apps = inventory.apps() if name is None else [inventory.app(name)]
    if not apps:
        return []
    image = str(inventory.wanted)
    newest, problem = None, None
    try:
        newest = inventory.engine.registry_digest(image)
    except DockerUnreachableError:
        raise
    except ViberunError as error:
        problem = str(error)
    return [
        Checked(
            app=app.name,
            image=image,
            has=app.digest,
            newest=newest,
            behind=None if app.digest is None or newest is None else app.digest != newest,
            problem=problem,
        )
        for app in apps
    ]
