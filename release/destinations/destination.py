"""What a place that releases go to has to answer, and nothing about any one of them."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from release.bundle.model import Bundle
from release.driver.outcome import Change, Problems
from release.driver.progress import Meter
from release.transport.http import Http
from release.transport.patience import Waits
from release.transport.traffic import Traffic
from viberun.errors import ViberunError
from viberun.manifest import NAME, File, Kind, Manifest
from viberun.sigstore.release_workflow import Signer
from viberun.version import Version


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
    """A build that has the channel: its manifest says where every destination should stand, `content` byte for byte."""

    manifest: Manifest
    content: bytes

    @staticmethod
    def of(bundle: Bundle) -> "Published":
        return Published(bundle.manifest, bundle.manifest.to_json().encode())

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
    the destination is out of step with `channel.json`; `signed` says who vouches for the build, where that stands there.
    """

    version: str | None
    digest: str | None
    wrong: tuple[str, ...] = ()
    signed: Signer | None = None


@dataclass(frozen=True)
class Commits:
    """How many of main's the channel lacks, and since when."""

    count: int
    since: datetime


@dataclass(frozen=True)
class UnderWay:
    """The release of `version`, whose first file came at `since`; `claimed` says that the channel's ref is its own already,
    `signed` that it has a signature, without which nobody claims it."""

    version: Version
    since: datetime
    claimed: bool
    signed: bool = True


@dataclass(frozen=True)
class Ahead:
    """What is to come after the build that has the channel. `lost` says that main does not have the channel's own commit."""

    commits: Commits | None = None
    under_way: UnderWay | None = None
    lost: bool = False


class Destination(ABC):
    """A name, and a look for each step of `release.driver.steps` that it takes part in.

    A look changes nothing. It tells what is lacking of the step, in order: there with the same digest, nothing; there with
    another, it raises; absent, a change that makes it. So a release that was killed anywhere is finished by the same steps
    from the start. Looks and changes raise ViberunError and nothing else, `release.driver.steps` says what of them is
    repeated.
    """

    name: str
    waits: Waits

    @abstractmethod
    def preflight(self, bundle: Bundle, meter: Meter) -> Problems:
        """Finds every reason why this release could not succeed here."""

    def stage(self, bundle: Bundle) -> Iterable[Change]:
        """What is to be brought where no reader looks. Runs beside the others."""
        return ()

    def sign(self, bundle: Bundle) -> Iterable[Change]:
        """What says who vouches for the build, beside its files."""
        return ()

    def claim(self, bundle: Bundle) -> Iterable[Change]:
        """What takes the channel for this commit, in one atomic step. Raises where that is refused."""
        return ()

    def publish(self, bundle: Bundle) -> Iterable[Change]:
        """What readers see at once, under a name that carries the version."""
        return ()

    def promote(self, held: Published) -> Iterable[Change]:
        """What brings the names that move to the build that has the channel."""
        return ()

    @abstractmethod
    def verify(self, bundle: Bundle) -> Iterable[Change]:
        """What a user without credentials does not find as it was built."""

    def holder(self, bundle: Bundle) -> Published:
        """Says whose the channel is: this build, or another that has taken it since. Asked of the last destination alone."""
        return Published.of(bundle)

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
        self.waits = http.waits

    @abstractmethod
    def standing(self, channel: Published) -> Standing:
        """Asks, without credentials, where the channel stands here."""

    def traffic(self) -> Traffic:
        return self._http.traffic

    def close(self) -> None:
        self._http.close()
