"""How what destinations show becomes the status of a channel."""

from pathlib import Path

import pytest

from release.bundle.model import Bundle
from release.destinations.destination import Published, Receipt, RemoteDestination, Standing
from release.driver.outcome import Change, Problems
from release.driver.progress import Meter
from release.driver.status import Place, channel_status
from release.transport.http import Http, UnansweredError
from release.transport.patience import Patience
from tests.release import fabricated
from viberun.errors import ViberunError


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
