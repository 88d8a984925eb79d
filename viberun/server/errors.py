"""Defines the server's errors, each with the exit status by which the client knows it."""

from __future__ import annotations

from viberun.errors import ViberunError


class DockerUnreachableError(ViberunError):
    """Docker isn't there, does not run, or does not answer."""

    exit_code = 3


class NoSuchAppError(ViberunError):
    """No app has this name."""

    exit_code = 4

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no app {name!r}", remedy="see 'viberun-server apps list'")


class ConflictError(ViberunError):
    """The app exists already, or something else has what it needs: its container's name, its port."""

    exit_code = 5


class PortTakenError(ConflictError):
    """Something listens on the port that the app was to have."""


class ImageError(ViberunError):
    """An image is not on this host and could not be pulled."""

    exit_code = 6


class DockerError(ViberunError):
    """Docker refused what it was asked for."""


class UnhealthyError(ViberunError):
    """A container that was started does not run as it should."""


class UpdateError(ViberunError):
    """An app could not be moved to another image, and is what it was before."""


class StateError(ViberunError):
    """The state folder can't be used."""


class RecordError(StateError):
    """What is kept of an app can't be read, and there is no container that would tell the same."""


class NewerRecordError(RecordError):
    """What is kept of an app was written by a newer server, and means something that this one does not know."""


class LockedError(ViberunError):
    """Another viberun kept the lock for longer than this one waits."""


# For --help: what each exit status says.
EXIT_STATUS = (
    (0, "done"),
    (1, "failed"),
    (2, "wrong arguments"),
    (3, "Docker can't be reached"),
    (4, "no such app"),
    (5, "the app exists already, or something else has its name or port"),
    (6, "an image could not be pulled, or is not there"),
)
