"""Tells who this client is: its build, the channel that it acts for, and what it hands to every host."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from viberun import channel as channels
from viberun.build import Build
from viberun.client import install_method
from viberun.errors import UsageError, VersionError
from viberun.protocol import OLDEST, OLDEST_VARIABLE, PROTOCOL, VARIABLE
from viberun.version import MOVING, Channel, Version


@dataclass(frozen=True)
class Identity:
    """`settings` are the three variables of the channel as they hold, `method` how the client was installed."""

    build: Build
    channel: Channel
    settings: Mapping[str, str]
    method: str

    @classmethod
    def of(cls, build: Build, environ: Mapping[str, str]) -> Identity:
        """Raises UsageError where a variable is none that can be."""
        channel = channels.active(build.version, environ)
        settings = channels.settings(channel, channels.followed(build, environ), environ)
        identity = cls(build, channel, settings, install_method.installed_by(environ))
        if identity.pinned:
            try:
                Version.parse(identity.wanted)
            except VersionError:
                raise UsageError(
                    f"{channels.SERVER_VERSION} is {identity.wanted!r}", remedy="set it to dev, latest or a version"
                ) from None
        return identity

    @property
    def version(self) -> Version:
        return self.build.version

    @property
    def wanted(self) -> str:
        """What the host's server shall be: dev, latest or a version."""
        return self.settings[channels.SERVER_VERSION]

    @property
    def pinned(self) -> bool:
        """Whether that is one version, which the user named."""
        return self.wanted not in MOVING.values()

    @property
    def refresh(self) -> str:
        """The command that gives the channel's newest client."""
        return install_method.refresh_command(self.method, self.channel)

    @property
    def environ(self) -> dict[str, str]:
        """What every call of the server gets."""
        numbers = {VARIABLE: str(PROTOCOL), OLDEST_VARIABLE: str(OLDEST)}
        return {channels.CHANNEL: self.channel, **numbers, **self.settings}
