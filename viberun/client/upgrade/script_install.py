"""Changes what the install script laid out, in one step: `install.sh` and `viberun upgrade` write the same.

<dir>/<version>/viberun   the executable, one folder for each version that is kept
<dir>/viberun.previous    what <bin>/viberun was before
<bin>/viberun             the command, a script: its rename is the switch
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from viberun.errors import UsageError, VersionError, ViberunError
from viberun.version import Version

DIR = "VIBERUN_INSTALL_DIR"
BIN = "VIBERUN_INSTALL_BIN"

_YOUNG = 3600  # seconds, in which an upgrade at the same time is sure to have come to its switch
_STARTS = re.compile(r"#!/bin/sh\n# Starts viberun (\S+) as its install script put it here\.\n")


class InstallError(ViberunError):
    """The folders of the installation can't be changed."""


@dataclass(frozen=True)
class ScriptInstall:
    """An installation of the script: `folder` holds the versions, `bin` the command."""

    folder: Path
    bin: Path

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> ScriptInstall:
        """Returns the installation that started this program. Raises UsageError where the environment does not say."""
        folder, bin_folder = environ.get(DIR, ""), environ.get(BIN, "")
        if not (folder.startswith("/") and bin_folder.startswith("/")):
            raise UsageError(
                f"{DIR} and {BIN} do not say where this viberun is installed",
                remedy="start it by the command that the install script made, or run the script again",
            )
        return cls(Path(folder), Path(bin_folder))

    @property
    def command(self) -> Path:
        return self.bin / "viberun"

    @property
    def previous(self) -> Path:
        return self.folder / "viberun.previous"

    def executable(self, version: Version) -> Path:
        return self.folder / version.oci / "viberun"

    def text(self, version: Version) -> str:
        """Returns the launcher of a version, as install.sh writes it."""
        return (
            "#!/bin/sh\n"
            f"# Starts viberun {version} as its install script put it here.\n"
            "export VIBERUN_INSTALL_METHOD=script\n"
            f"export {DIR}={_quoted(self.folder)} {BIN}={_quoted(self.bin)}\n"
            f'exec {_quoted(self.executable(version))} "$@"\n'
        )

    @contextlib.contextmanager
    def workplace(self) -> Iterator[Path]:
        """A folder of this process's own, on the file system of the versions; gone in the end.

        Raises InstallError. What a killed process left is removed by the install script's rule: the name
        ends with the number of the process.
        """
        new = self.folder / f".new.{os.getpid()}"
        try:
            shutil.rmtree(new, ignore_errors=True)
            new.mkdir(mode=0o755)
        except OSError as error:
            raise InstallError(
                f"{self.folder} can't be written: {error.strerror}",
                remedy="run this as the user who installed viberun",
            ) from None
        try:
            yield new
        finally:
            shutil.rmtree(new, ignore_errors=True)

    def switch(self, version: Version, executable: Path) -> None:
        """Puts an executable of `version` in place, and then the launcher; keeps what was there before.

        `executable` lies in the workplace. Raises InstallError; what fails leaves the launcher as it was.
        """
        launcher = self.bin / f".viberun.{os.getpid()}"
        try:
            executable.chmod(0o755)
            _sync(executable)
            launcher.write_text(self.text(version))
            launcher.chmod(0o755)
            _sync(launcher)
            if self._version_of(self.command) not in (None, version):
                kept = executable.with_name("previous")
                shutil.copyfile(self.command, kept)
                kept.chmod(0o755)
                os.replace(kept, self.previous)
            place = self.executable(version)
            place.parent.mkdir(mode=0o755, exist_ok=True)
            os.replace(executable, place)
            os.replace(launcher, self.command)
            _sync(self.bin)
        except OSError as error:
            raise InstallError(
                f"{error.filename or self.folder} can't be written: {error.strerror}",
                remedy="run this as the user who installed viberun, and see to the space on that disk",
            ) from None
        finally:
            with contextlib.suppress(OSError):
                launcher.unlink()
        self._tidy()

    def _tidy(self) -> None:
        """Removes the versions that neither launcher starts, nor another upgrade that may be at work."""
        kept = [self._version_of(launcher) for launcher in (self.command, self.previous)]
        for executable in self.folder.glob("[0-9]*.[0-9]*.[0-9]*/viberun"):
            if executable.parent.name in [version.oci for version in kept if version]:
                continue
            with contextlib.suppress(OSError):
                if time.time() - executable.parent.stat().st_mtime > _YOUNG:
                    executable.unlink()
                    executable.parent.rmdir()

    def _version_of(self, launcher: Path) -> Version | None:
        """Returns the version that a launcher starts, None for what is none of ours."""
        try:
            starts = _STARTS.match(launcher.read_text())
            return Version.parse(starts[1]) if starts else None
        except (OSError, UnicodeDecodeError, VersionError):
            return None


def _quoted(path: Path) -> str:
    escaped = str(path).replace("'", "'\\''")
    return f"'{escaped}'"


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
