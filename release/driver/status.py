"""Where a channel stands at each destination, as anybody sees it; `channel.json` says where all of them should."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from release.destinations.destination import Published, RemoteDestination
from release.transport.http import UnansweredError
from release.transport.parallel import each
from viberun.errors import VersionError, ViberunError
from viberun.manifest import Manifest
from viberun.version import Version, moment


@dataclass(frozen=True)
class Place:
    """One destination. `committed` (ISO 8601) is when the version there was; without `answered`, `wrong` says why."""

    name: str
    version: str | None = None
    commit: str | None = None
    committed: str | None = None
    digest: str | None = None
    wrong: str | None = None
    answered: bool = True


@dataclass(frozen=True)
class ChannelStatus:
    """`manifest` is that of `channel.json`, None where there is none."""

    manifest: Manifest | None
    places: tuple[Place, ...]

    @property
    def in_step(self) -> bool | None:
        """None where that can't be told, since not all have answered."""
        if any(place.wrong for place in self.places if place.answered):
            return False
        return True if all(place.answered for place in self.places) else None


def channel_status(destinations: Sequence[RemoteDestination], read: Callable[[], Published]) -> ChannelStatus:
    """Asks all destinations, once `read` has got `channel.json` from the first. What failed is in the status, and not raised."""
    try:
        channel = read()
    except ViberunError as error:
        first, *others = destinations
        unread = Place(first.name, wrong=str(error), answered=not isinstance(error, UnansweredError))
        unasked = (Place(at.name, wrong="not known without channel.json", answered=False) for at in others)
        return ChannelStatus(None, (unread, *unasked))
    places = each(lambda at: _place(at, channel), destinations, len(destinations))
    return ChannelStatus(channel.manifest, tuple(places))


def _place(destination: RemoteDestination, channel: Published) -> Place:
    try:
        standing = destination.standing(channel)
    except ViberunError as error:
        return Place(destination.name, wrong=str(error), answered=False)
    build, wrong = channel.manifest.build, "; ".join(standing.wrong) or None
    as_it_should = standing.version in build.version.spellings.values()
    commit, committed = (build.commit, build.committed) if as_it_should else _of_version(standing.version)
    return Place(destination.name, standing.version, commit, committed, standing.digest, wrong)


def _of_version(spelling: str | None) -> tuple[str | None, str | None]:
    """Returns the commit, as far as a version tells it, and when that was."""
    try:
        version = Version.parse(spelling or "")
    except VersionError:
        return None, None
    return version.sha, moment(version.timestamp).strftime("%Y-%m-%dT%H:%M:%SZ") if version.timestamp else None
