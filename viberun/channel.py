"""Finds the channel, dev or prod, and what that makes the defaults be.

Pure functions over the environment that they are given. The channel follows from the embedded
version, and what the environment sets already always stands.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import cast

from viberun.build import REPOSITORY as OWNER_AND_NAME
from viberun.build import Build
from viberun.errors import UsageError
from viberun.version import MOVING, Channel, Version

CHANNEL = "VIBERUN_CHANNEL"
SERVER_VERSION = "VIBERUN_SERVER_VERSION"
IMAGE = "VIBERUN_IMAGE"
PROXY_IMAGE = "VIBERUN_PROXY_IMAGE"

# Every image of a release, each with the variable that names another in its place.
IMAGES = {"viberun": IMAGE, "viberun-proxy": PROXY_IMAGE}

# Where the channel is looked for, and whose releases are, in the place of the client's own.
CHANNEL_URL = "VIBERUN_CHANNEL_URL"
REPOSITORY = "VIBERUN_REPOSITORY"


def active(version: Version, environ: Mapping[str, str]) -> Channel:
    """Returns the channel of this version, unless `VIBERUN_CHANNEL` names another; empty is not set.

    Raises UsageError where it names neither.
    """
    named = environ.get(CHANNEL, "")
    if not named:
        return version.channel
    if named in ("dev", "prod"):
        return cast(Channel, named)
    raise UsageError(f"{CHANNEL} is {named!r}", remedy="set it to dev or prod, or unset it")


def followed(build: Build, environ: Mapping[str, str]) -> Build:
    """Returns the build as one of the repository that `VIBERUN_REPOSITORY` names: whose releases it follows, and whose
    signature counts. That is known by its name alone, unless it is the build's own.

    Raises UsageError where it names none.
    """
    named = environ.get(REPOSITORY, "").strip()
    if not named or named.lower() == (build.repository or "").lower():
        return build
    if not OWNER_AND_NAME.fits(named):
        raise UsageError(f"{REPOSITORY} is {named!r}", remedy="set it to owner/name, or unset it")
    return replace(build, repository=named, repository_id=None)


def defaults(channel: Channel, build: Build) -> dict[str, str]:
    """Returns the three variables as the channel alone would have them.

    The images are left out where the build has no repository: only it could tell their names.
    """
    moving = MOVING[channel]
    if build.repository is None:
        return {SERVER_VERSION: moving}
    place = "/".join([build.registry, *filter(None, map(_path_component, build.repository.split("/")))])
    images = {variable: f"{place}/{name}:{moving}" for name, variable in IMAGES.items()}
    return {SERVER_VERSION: moving, **images}


def settings(channel: Channel, build: Build, environ: Mapping[str, str]) -> dict[str, str]:
    """Returns the three variables as they hold: the environment's value where it is not empty, else the
    default. A variable that has neither is left out.
    """
    held = defaults(channel, build)
    for name in (SERVER_VERSION, *IMAGES.values()):
        if environ.get(name):
            held[name] = environ[name]
    return held


def _path_component(name: str) -> str:
    """The nearest to a name of GitHub's that a registry takes (OCI distribution specification), which may be none.

    That is lower case, with at most one dot, one or two underscores or any number of hyphens, between letters only.
    """
    kept = re.sub(r"[._-]+", lambda run: run[0] if re.fullmatch(r"\.|__?|-+", run[0]) else "-", name.lower())
    return kept.strip("._-")
