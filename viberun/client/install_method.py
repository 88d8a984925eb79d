"""Tells how this client was installed, and the command that brings it up to date.

The launchers (npm's, the wheel's, the install script's) say how in `VIBERUN_INSTALL_METHOD`. Each command gets past the
caches of its tool, so that it gives the newest build right after a release.
"""

from __future__ import annotations

from collections.abc import Mapping

from viberun.version import MOVING, Channel, Version

VARIABLE = "VIBERUN_INSTALL_METHOD"
SCRIPT = "script"

_DISTRIBUTIONS: Mapping[Channel, str] = {"dev": "viberun-dev", "prod": "viberun"}

# npx asks for the dist-tag anew, but may look it up in a document of minutes ago; uvx keeps the environment that it made;
# uv goes by the age that the index allows its pages. pip asks the index each time.
_NEWEST = {
    "npx": "npx --prefer-online -y viberun@{tag}",
    "npm": "npm install --prefer-online -g viberun@{tag}",
    "uvx": "uvx {distribution}@latest",
    "uv": "uv tool upgrade {distribution}",
    "uv-pip": "uv pip install --refresh --upgrade {distribution}",
    "pipx": "pipx upgrade {distribution}",
    "pip": "python3 -m pip install --upgrade {distribution}",
    SCRIPT: "viberun upgrade",
}
_EXACT = {
    "npx": "npx --prefer-online -y viberun@{npm}",
    "npm": "npm install --prefer-online -g viberun@{npm}",
    "uvx": "uvx --refresh {distribution}@{pypi}",
    "uv": "uv tool install --refresh {distribution}=={pypi}",
    "uv-pip": "uv pip install --refresh {distribution}=={pypi}",
    "pipx": "pipx install --force {distribution}=={pypi}",
    "pip": "python3 -m pip install {distribution}=={pypi}",
    SCRIPT: "viberun upgrade --to {semver}",
}

# What needs nothing to be installed before, for a bare executable and for methods that are not known.
_ANYWHERE = "npx"


def installed_by(environ: Mapping[str, str]) -> str:
    """Returns what the launcher of this client says installed it; empty for a bare executable."""
    return environ.get(VARIABLE, "")


def refresh_command(method: str, channel: Channel) -> str:
    """Returns the command line that gives the channel's newest client to who installed it by `method`."""
    return _NEWEST[_known(method)].format(tag=MOVING[channel], distribution=_DISTRIBUTIONS[channel])


def exact_command(method: str, version: Version) -> str:
    """Returns the command line that gives the client of exactly this version to who installed it by `method`."""
    distribution = _DISTRIBUTIONS[version.channel]
    return _EXACT[_known(method)].format(distribution=distribution, **version.spellings)


def renewal(method: str, channel: Channel, github: str, repository: str | None) -> str:
    """Returns what to do where this client is too old to read the channel, and so to upgrade itself from it.

    Who installed it by script gets that of the trusted repository at `github`, and never a mirror's.
    """
    if method != SCRIPT:
        return f"update it with '{refresh_command(method, channel)}'"
    if repository is None:
        return "use a newer viberun"
    flag = " --dev" if channel == "dev" else ""
    return f"run 'curl -fsSL {github}/{repository}/raw/main/install.sh | sh -s -- --from {repository}{flag}'"


def _known(method: str) -> str:
    return method if method in _NEWEST else _ANYWHERE
