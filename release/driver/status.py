"""How a channel is: where it stands at each destination, as anybody sees it, and what of main is still to come.

`channel.json` says where all of them should stand.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from release.destinations.destination import Ahead, Published, RemoteDestination
from release.transport.http import UnansweredError
from release.transport.parallel import each
from viberun.errors import VersionError, ViberunError
from viberun.manifest import Manifest
from viberun.sigstore.release_workflow import Signer
from viberun.version import Version, moment


@dataclass(frozen=True)
class Place:
    """One destination. `committed` (ISO 8601) is when the version there was; without `answered`, `wrong` says why.

    `signed` says who vouches for the channel's build, where that stands there.
    """

    name: str
    version: str | None = None
    commit: str | None = None
    committed: str | None = None
    digest: str | None = None
    wrong: str | None = None
    answered: bool = True
    signed: Signer | None = None


RELEASING_FOR = timedelta(hours=3)
"""How long a release may be under way before something is wrong: its job has two and a half, most of them for npm."""


class State(StrEnum):
    IN_STEP = "in step"
    RELEASING = "releasing"
    WAITING = "waiting for npm"  # which looks through the package, and all others stand wholly at the build before
    BEHIND = "behind"
    OUT_OF_STEP = "out of step"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class ChannelStatus:
    """`manifest` is that of `channel.json`, None where there is none; `ahead` is None where nobody could tell, for `reason`."""

    manifest: Manifest | None
    places: tuple[Place, ...]
    ahead: Ahead | None = None
    reason: str | None = None

    @property
    def signed(self) -> Signer | None:
        """Who vouches for the build."""
        return next((place.signed for place in self.places if place.signed), None)

    @property
    def in_step(self) -> bool | None:
        """None where that can't be told, since not all have answered."""
        if any(place.wrong for place in self.places if place.answered):
            return False
        return True if all(place.answered for place in self.places) else None

    def state(self, now: datetime, max_age: timedelta | None) -> tuple[State, bool]:
        """Tells how the channel is, and whether that is as it should be.

        A release that is under way is no alarm, nor are commits of main that wait for theirs, for `max_age`: RELEASING_FOR and
        no time at all, where that is None.
        """
        moved = [place for place in self.places if place.wrong and place.answered]
        ahead = self.ahead or Ahead()
        coming = None if ahead.lost else ahead.under_way
        expected = coming.version.spellings.values() if coming else ()
        if ahead.lost or any(place.version not in (*expected, None) for place in moved):
            return State.OUT_OF_STEP, False
        if self.ahead is None or not all(place.answered for place in self.places):
            return State.UNKNOWN, False
        recent = coming is not None and now - coming.since <= (RELEASING_FOR if max_age is None else max_age)
        if coming and coming.claimed and {place.name for place in moved} <= {"npm"}:
            return State.WAITING, recent
        if recent:
            return State.RELEASING, True
        if moved or (coming and coming.claimed):
            return State.OUT_OF_STEP, False
        if ahead.commits:
            return State.BEHIND, now - ahead.commits.since <= (max_age or timedelta(0))
        return State.IN_STEP, True


def channel_status(
    destinations: Sequence[RemoteDestination],
    read: Callable[[], Published],
    ask_ahead: Callable[[Published], Ahead] = lambda _: Ahead(),
) -> ChannelStatus:
    """Asks all destinations, once `read` has got `channel.json` from the first. What failed is in the status, and not raised."""
    try:
        channel = read()
    except ViberunError as error:
        first, *others = destinations
        unread = Place(first.name, wrong=str(error), answered=not isinstance(error, UnansweredError))
        unasked = (Place(at.name, wrong="not known without channel.json", answered=False) for at in others)
        return ChannelStatus(None, (unread, *unasked))
    places = each(lambda at: _place(at, channel), destinations, len(destinations))
    try:
        return ChannelStatus(channel.manifest, tuple(places), ask_ahead(channel))
    except ViberunError as error:
        return ChannelStatus(channel.manifest, tuple(places), None, str(error))


def _place(destination: RemoteDestination, channel: Published) -> Place:
    try:
        standing = destination.standing(channel)
    except ViberunError as error:
        return Place(destination.name, wrong=str(error), answered=False)
    build, wrong = channel.manifest.build, "; ".join(standing.wrong) or None
    as_it_should = standing.version in build.version.spellings.values()
    commit, committed = (build.commit, build.committed) if as_it_should else _of_version(standing.version)
    return Place(destination.name, standing.version, commit, committed, standing.digest, wrong, signed=standing.signed)


def _of_version(spelling: str | None) -> tuple[str | None, str | None]:
    """Returns the commit, as far as a version tells it, and when that was."""
    try:
        version = Version.parse(spelling or "")
    except VersionError:
        return None, None
    return version.sha, moment(version.timestamp).strftime("%Y-%m-%dT%H:%M:%SZ") if version.timestamp else None
