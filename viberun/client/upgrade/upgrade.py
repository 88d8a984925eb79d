"""Puts another build of the client where the install script put this one: `viberun upgrade`.

Where npm, uv or pip put it, the error is the command that does it.
"""

from __future__ import annotations

import os
import subprocess
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from viberun.client import install_method
from viberun.client.download.fetch import DigestMismatchError, Fetcher, NotThereError, shown
from viberun.client.download.floor import Floor
from viberun.client.download.freshness import held_back
from viberun.client.download.resolver import Resolved, place, resolve
from viberun.client.identity import Identity
from viberun.client.screen import Screen, Step
from viberun.client.store import Store
from viberun.client.upgrade.script_install import ScriptInstall
from viberun.errors import VersionError, ViberunError
from viberun.platforms import platform_of
from viberun.version import MOVING, Order, Version

_START_SECONDS = 120.0

Run = Callable[..., "subprocess.CompletedProcess[str]"]


class NotOursError(ViberunError):
    """Another program manages this client."""


class RollbackError(ViberunError):
    """The channel had a newer build before, and the user did not name the one that it has."""


class ClientError(ViberunError):
    """What was downloaded is no client that starts here."""


@dataclass(frozen=True)
class Upgrade:
    """What upgrading takes. `run` is subprocess.run."""

    identity: Identity
    environ: Mapping[str, str]
    fetch: Fetcher
    state: Store
    screen: Screen
    run: Run = subprocess.run

    def announce(self, to: str | None) -> None:
        """Says what upgrading would do; raises what resolving raises."""
        found = self._find(to)
        if self._stays(found, to):
            return
        self.screen.line(f"viberun {found.version} is there: '{self._command(found.version, to)}' installs it.")

    def perform(self, to: str | None) -> None:
        """Installs the newest build of the channel, or the version `to`. Raises ViberunError."""
        if self.identity.method != install_method.SCRIPT:
            version = Version.parse(to) if to else None
            if version is not None and version.timestamp and not version.sha:
                version = self._find(to).version
            named = self.identity.method or "no package manager that says so"
            raise NotOursError(
                f"this viberun was installed by {named}, which has to update it",
                remedy=f"run '{self._command(version, to)}'",
            )
        installation = ScriptInstall.of(self.environ)
        found = self._find(to)
        if self._stays(found, to):
            return
        try:
            self._install(installation, found)
        except (DigestMismatchError, NotThereError):
            # A channel can have gone on between its manifest and the file.
            again = self._find(to, found.version)
            if not self._stays(again, to):
                self._install(installation, again)

    def _find(self, to: str | None, before: Version | None = None) -> Resolved:
        """Resolves the newest build, or the version `to`. `before` is what it was a moment ago.

        Raises what `resolve` raises, and RollbackError.
        """
        wanted = to or MOVING[self.identity.channel]
        where = place(self.identity.build, self.environ, wanted)
        found = resolve(where, wanted, self.fetch)
        floor = Floor(found, f"{where.base} {wanted}", self.state)
        floor.check()
        newer = floor.above() or (before if before and found.version.compare(before) is Order.OLDER else None)
        if newer and to is None and self._order(found) not in (Order.SAME, Order.NEWER):
            raise RollbackError(
                f"the channel at {shown(where.base)} has {found.version}, and before it had {newer}: somebody put it back,"
                " or put an old copy in its place",
                remedy="wait until it is newer again, or name that version with --to",
            )
        floor.rise()
        if to is None and (warning := held_back(found, self.fetch)):
            self.screen.warn(f"warning: {warning}")
        return found

    def _stays(self, found: Resolved, to: str | None) -> bool:
        """Says why this client stays as it is, where it does."""
        mine, order = self.identity.version, self._order(found)
        if order is Order.SAME:
            self.screen.line(f"viberun is {mine}: {'nothing to do' if to else 'up to date'}.")
        elif order is Order.NEWER and to is None:
            self.screen.line(
                f"viberun is {mine}, newer than the channel's newest, {found.version};"
                f" '{self._command(found.version, found.version.semver)}' goes back to that."
            )
        else:
            return False
        return True

    def _order(self, found: Resolved) -> Order:
        """How this client's version stands to what was found; of two channels that is not known."""
        mine = self.identity.version
        return mine.compare(found.version) if mine.channel == found.version.channel else Order.UNKNOWN

    def _command(self, version: Version | None, to: str | None) -> str:
        if to is None or version is None:
            return self.identity.refresh
        return install_method.exact_command(self.identity.method, version)

    def _install(self, installation: ScriptInstall, found: Resolved) -> None:
        file = found.file("client", platform_of(os.uname().sysname, os.uname().machine))
        with self.screen.step(f"installing viberun {found.version}") as step, installation.workplace() as new:
            archive = new / "client.tar.gz"
            step.doing(f"downloading viberun {found.version}")
            self.fetch.download(
                found.url_of(file), archive, file.size, file.sha256, lambda done: step.bytes(done, file.size)
            )
            step.doing(f"trying viberun {found.version}")
            executable = _unpacked(archive, new / "viberun")
            self._try(executable, found.version)
            installation.switch(found.version, executable)
            self._tell(step, installation, found.version)

    def _try(self, executable: Path, version: Version) -> None:
        executable.chmod(0o755)
        try:
            done = self.run(
                [str(executable), "--version"],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=_START_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise _no_start(version, str(error)) from None
        if (done.returncode, done.stdout.strip()) != (0, version.semver):
            raise _no_start(version, done.stderr.strip() or done.stdout.strip())

    def _tell(self, step: Step, installation: ScriptInstall, version: Version) -> None:
        kept = f"; the one before is {installation.previous}" if installation.previous.exists() else ""
        step.done(f"viberun is {version} (was {self.identity.version}){kept}")


def checked(to: str | None) -> str | None:
    """Reads a version in any spelling, or None for the newest; raises UsageError."""
    from viberun.errors import UsageError

    if to is None:
        return None
    try:
        return Version.parse(to).semver
    except VersionError as error:
        raise UsageError(str(error), remedy="name it as 'viberun --version' prints it") from None


def _unpacked(archive: Path, target: Path) -> Path:
    """Returns the one executable that a client's archive holds. Raises ClientError."""
    try:
        with tarfile.open(archive, "r:gz") as tar:
            content = tar.extractfile("viberun")
            if content is None:
                raise KeyError("viberun is no file")
            with target.open("xb") as out:
                while chunk := content.read(1 << 20):
                    out.write(chunk)
    except (OSError, EOFError, KeyError, tarfile.TarError) as error:
        raise ClientError(f"the download can't be unpacked: {error}", remedy="see to the space on the disk") from None
    return target


def _no_start(version: Version, reason: str) -> ClientError:
    first = (reason.splitlines() or ["it prints nothing"])[0]
    return ClientError(
        f"viberun {version} does not start on this machine: {first}", remedy="what was there before still is"
    )
