"""What a place that releases go to has to answer, and nothing about any one of them."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

from release.bundle.model import Bundle
from release.driver.outcome import Done, Plan, Problems, Skipped
from release.driver.progress import Meter
from release.transport.http import Http
from release.transport.traffic import Traffic
from viberun.errors import ViberunError
from viberun.manifest import NAME, File, Kind, Manifest

Holder = Callable[[Bundle], Manifest]
"""Says who holds the channel: returns the bundle's manifest, or that of the build that has taken the channel since."""


@dataclass(frozen=True)
class Row:
    """One thing that was released: where it is, its bytes, and its digest if readers go by that."""

    path: str
    size: int
    digest: str | None = None


@dataclass(frozen=True)
class Receipt:
    """What a destination has after a release, and the commands with which a user gets it."""

    place: str
    rows: tuple[Row, ...]
    commands: tuple[str, ...]


@dataclass(frozen=True)
class Published:
    """`channel.json` as anybody finds it in the `repository` (`owner/name`): it says where every destination should stand."""

    repository: str
    manifest: Manifest
    content: bytes

    def file(self, kind: Kind) -> File:
        """Returns the one file of a kind that stands for no platform. Raises ViberunError where there is none."""
        for file in self.manifest.files:
            if file.kind == kind:
                return file
        raise ViberunError(
            f"{NAME} has no file of the kind {kind}", remedy="ask from the commit that the channel stands at"
        )


@dataclass(frozen=True)
class Standing:
    """What a destination shows of the channel: a version as it is spelt there, and the digest of what stands for the build.

    That is `channel.json`, the first image's index, the wheel, the npm package. `wrong` has a clause for everything in which
    the destination is out of step with `channel.json`.
    """

    version: str | None
    digest: str | None
    wrong: tuple[str, ...] = ()


class Destination(ABC):
    """A name, and one method for each step of `release.driver.steps` that it takes part in.

    Every step is: there with the same digest, skip; there with another, raise; absent, do. So a
    release that was killed anywhere is finished by the same steps from the start. A step raises
    ViberunError and nothing else. `preflight` and `plan` change nothing.
    """

    name: str

    @abstractmethod
    def preflight(self, bundle: Bundle, meter: Meter) -> Problems:
        """Finds every reason why this release could not succeed here."""

    @abstractmethod
    def plan(self, bundle: Bundle, meter: Meter) -> Plan:
        """Tells what exists already, what will be made and what moves."""

    def stage(self, bundle: Bundle, meter: Meter) -> Done | Skipped:
        """Brings all content where no reader looks, and reads it back. Runs beside the others."""
        return Skipped()

    def claim(self, bundle: Bundle, meter: Meter) -> Done | Skipped:
        """Takes the channel for this commit in one atomic step, or is refused."""
        return Skipped()

    def publish(self, bundle: Bundle, meter: Meter) -> Done | Skipped:
        """Does what readers see at once, under a name that carries the version."""
        return Skipped()

    def promote(self, bundle: Bundle, meter: Meter) -> Done | Skipped:
        """Moves the names that move."""
        return Skipped()

    @abstractmethod
    def verify(self, bundle: Bundle, meter: Meter) -> Done | Skipped:
        """Looks at the release as a user without credentials would."""

    @abstractmethod
    def receipt(self, bundle: Bundle) -> Receipt:
        """Tells what the release left here."""

    def traffic(self) -> Traffic:
        """Tells what has gone over the wire so far."""
        return Traffic()

    def close(self) -> None:  # noqa: B027 - most hold nothing
        """Lets go of what was held since `stage`: locks, connections. Called once, whatever happened."""


class RemoteDestination(Destination):
    """A destination on a server; all its requests go through one `http`."""

    def __init__(self, http: Http) -> None:
        self._http = http

    @abstractmethod
    def standing(self, channel: Published) -> Standing:
        """Asks, without credentials, where the channel stands here."""

    def traffic(self) -> Traffic:
        return self._http.traffic

    def close(self) -> None:
        self._http.close()
