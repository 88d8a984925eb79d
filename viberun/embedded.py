"""Reads what the packer put beside this module: `viberun/version.json`, and in the client `viberun/trusted_root.json`.

Stands alone and imports nothing that costs, since all of `viberun --version` is here. Reads through
the package's own loader, so a folder and a zip are the same to it.
"""

from __future__ import annotations

import viberun
from viberun.errors import ViberunError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from importlib.abc import ResourceLoader

NAME = "version.json"
_TRUSTED_ROOT = "trusted_root.json"


def text() -> str:
    """Returns the text of version.json. Raises ViberunError in a source tree, which has none."""
    return _read(NAME)


def trusted_root() -> str:
    """Returns the text of Sigstore's trusted_root.json, whose signatures the client takes. Raises ViberunError likewise."""
    return _read(_TRUSTED_ROOT)


def _read(name: str) -> str:
    loader: ResourceLoader = viberun.__spec__.loader  # type: ignore[assignment]
    path = f"{viberun.__path__[0]}/{name}"
    try:
        return loader.get_data(path).decode()
    except OSError:
        raise ViberunError(
            f"this viberun was not built: {path} is not there to be read",
            remedy="install a release, or build one with 'bazel run //release:dev'",
        ) from None
    except UnicodeDecodeError:
        raise _damaged(name) from None


def semver() -> str:
    """Returns the semver spelling of this build. Raises ViberunError in a source tree."""
    return version_in(text())


def version_in(document: str) -> str:
    """Returns the version in what `Build.to_json` wrote, found without importing `json` (8 ms)."""
    _, found, rest = document.partition('"version": "')
    version, closed, _ = rest.partition('"')
    if not (found and closed):
        raise _damaged(NAME)
    return version


def _damaged(name: str) -> ViberunError:
    return ViberunError(f"{name} in this viberun is damaged", remedy="install viberun again")
