"""How what destinations show becomes the status of a channel."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from release.bundle.model import Bundle
from release.destinations.destination import Ahead, Commits, Published, Receipt, RemoteDestination, Standing, UnderWay
from release.driver.outcome import Change, Problems
from release.driver.progress import Meter
from release.driver.status import Place, State, channel_status
from release.transport.http import Http, UnansweredError
from release.transport.patience import Patience
from tests.release import fabricated
from viberun.errors import ViberunError
from viberun.version import Version


class FakeDestination(RemoteDestination):
    """A place of some name that shows what it is told to, or fails."""

    def __init__(self, name: str, shows: Standing | ViberunError) -> None:
        super().__init__(Http(Patience()))
        self.name = name
        self._shows = shows

    def standing(self, channel: Published) -> Standing:
        if isinstance(self._shows, ViberunError):
            raise self._shows
        return self._shows

    def preflight(self, bundle: Bundle, meter: Meter) -> Problems:
        raise NotImplementedError

    def verify(self, bundle: Bundle) -> list[Change]:
        raise NotImplementedError

    def receipt(self, bundle: Bundle) -> Receipt:
        raise NotImplementedError


@pytest.fixture
def channel(tmp_path: Path) -> Published:
    manifest = fabricated.make(tmp_path, images=False).manifest
    return Published(manifest, manifest.to_json().encode())


def test_a_place_in_any_spelling_of_the_version_is_in_step_and_of_the_commit(channel: Published) -> None:
    build = channel.manifest.build
    fakes = [FakeDestination(spelling, Standing(text, "d")) for spelling, text in build.version.spellings.items()]
    status = channel_status(fakes, lambda: channel)
    assert (status.in_step, status.manifest) == (True, channel.manifest)
    assert {(place.commit, place.committed) for place in status.places} == {(build.commit, build.committed)}


def test_a_place_at_another_version_tells_the_time_and_the_commit_that_it_knows(channel: Published) -> None:
    other = FakeDestination("other", Standing("0.0.0-dev.20260126080000-def5678", "d", ("one", "two")))
    status = channel_status([other], lambda: channel)
    assert status.places == (
        Place("other", "0.0.0-dev.20260126080000-def5678", "def5678", "2026-01-26T08:00:00Z", "d", "one; two"),
    )
    assert status.in_step is False


def test_a_place_that_fails_is_not_out_of_step_but_keeps_the_rest_from_being_in_step(channel: Published) -> None:
    fails = FakeDestination("fails", UnansweredError("no answer"))
    stands = FakeDestination("stands", Standing(channel.manifest.build.version.npm, None))
    status = channel_status([fails, stands], lambda: channel)
    assert [(place.wrong, place.answered) for place in status.places] == [("no answer", False), (None, True)]
    assert status.in_step is None


@pytest.mark.parametrize(("error", "answered"), [(ViberunError("none"), True), (UnansweredError("none"), False)])
def test_without_channel_json_nobody_else_is_asked(error: ViberunError, answered: bool) -> None:
    def read() -> Published:
        raise error

    fakes = [FakeDestination(name, ViberunError("was asked")) for name in ("first", "second")]
    status = channel_status(fakes, read)
    assert [(place.name, place.answered) for place in status.places] == [("first", answered), ("second", False)]
    assert status.places[1].wrong == "not known without channel.json"
    assert status.in_step is (False if answered else None)


NOW = datetime(2026, 1, 27, 12, tzinfo=UTC)
NEXT = Version.parse("0.0.0-dev.20260127110000-abc1234")


def commits(hours: float) -> Commits:
    return Commits(2, NOW - timedelta(hours=hours))


def release_of(hours: float, *, claimed: bool = True) -> UnderWay:
    return UnderWay(NEXT, NOW - timedelta(hours=hours), claimed)


ON_ITS_WAY = Standing(NEXT.npm, "d", ("stands elsewhere",))
UNTOLD = Standing(None, "d", ("one of two images has moved",))
ELSEWHERE = Standing("0.9.0", "d", ("stands elsewhere",))


@pytest.mark.parametrize(
    ("ahead", "shown", "state", "healthy"),
    [
        (Ahead(), {}, State.IN_STEP, True),
        (Ahead(commits(0.1)), {}, State.BEHIND, False),
        (Ahead(commits(9), release_of(1)), {}, State.WAITING, True),
        (Ahead(commits(9), release_of(1)), {"npm": ON_ITS_WAY}, State.WAITING, True),
        (Ahead(commits(9), release_of(4)), {"npm": ON_ITS_WAY}, State.WAITING, False),
        (Ahead(commits(9), release_of(1)), {"npm": ON_ITS_WAY, "pypi": ON_ITS_WAY}, State.RELEASING, True),
        (Ahead(commits(9), release_of(4)), {"npm": ON_ITS_WAY, "pypi": ON_ITS_WAY}, State.OUT_OF_STEP, False),
        (Ahead(commits(9), release_of(1)), {"npm": ON_ITS_WAY, "ghcr": UNTOLD}, State.RELEASING, True),
        (Ahead(commits(9), release_of(1)), {"npm": ELSEWHERE}, State.OUT_OF_STEP, False),
        (Ahead(commits(9), release_of(1, claimed=False)), {}, State.RELEASING, True),
        (Ahead(commits(9), release_of(4, claimed=False)), {}, State.BEHIND, False),
        (Ahead(commits(9)), {"pypi": ELSEWHERE}, State.OUT_OF_STEP, False),
        (Ahead(lost=True), {}, State.OUT_OF_STEP, False),
        (Ahead(commits(9), release_of(1), lost=True), {}, State.OUT_OF_STEP, False),
        (Ahead(), {"pypi": UnansweredError("none")}, State.UNKNOWN, False),
        (Ahead(commits(9), release_of(1)), {"pypi": UnansweredError("none")}, State.UNKNOWN, False),
        (Ahead(), {"pypi": UnansweredError("none"), "npm": ELSEWHERE}, State.OUT_OF_STEP, False),
        (UnansweredError("none"), {}, State.UNKNOWN, False),
        (UnansweredError("none"), {"npm": ELSEWHERE}, State.OUT_OF_STEP, False),
    ],
)
def test_a_channel_has_one_state(
    channel: Published,
    ahead: Ahead | ViberunError,
    shown: dict[str, Standing | ViberunError],
    state: State,
    healthy: bool,
) -> None:
    def ask(_: Published) -> Ahead:
        if isinstance(ahead, ViberunError):
            raise ahead
        return ahead

    stands = Standing(channel.manifest.build.version.npm, "d")
    fakes = [FakeDestination(name, shown.get(name, stands)) for name in ("github", "ghcr", "npm", "pypi")]
    assert channel_status(fakes, lambda: channel, ask).state(NOW, None) == (state, healthy)


@pytest.mark.parametrize(
    ("ahead", "hours", "state", "healthy"),
    [
        (Ahead(commits(2)), 3, State.BEHIND, True),
        (Ahead(commits(4)), 3, State.BEHIND, False),
        (Ahead(commits(4), release_of(4)), 5, State.WAITING, True),
        (Ahead(commits(4), release_of(2)), 1, State.WAITING, False),
    ],
)
def test_the_age_that_is_an_alarm_can_be_set(
    channel: Published, ahead: Ahead, hours: int, state: State, healthy: bool
) -> None:
    fakes = [FakeDestination("npm", Standing(channel.manifest.build.version.npm, "d"))]
    status = channel_status(fakes, lambda: channel, lambda _: ahead)
    assert status.state(NOW, timedelta(hours=hours)) == (state, healthy)


def test_without_channel_json_the_state_is_what_the_first_said(channel: Published) -> None:
    def read() -> Published:
        raise UnansweredError("none")

    assert channel_status([FakeDestination("github", Standing(None, None))], read).state(NOW, None) == (
        State.UNKNOWN,
        False,
    )
