import errno
import io
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from release.bundle.model import Bundle
from release.destinations.destination import Published
from release.driver import steps as driver
from release.driver.outcome import Change, Done, Skipped, StaleError, UnseenError
from release.driver.progress import Meter, Progress, Style
from release.driver.steps import PreflightError, StepError, WaitingError
from release.transport.content import Digest
from release.transport.http import Answer, TakenError, UnansweredError
from release.transport.patience import Patience
from release.transport.secrets import redactor
from tests.release import fabricated
from tests.unit.release.driver.recorder import Clock, Recorder, perform, silence
from viberun.errors import ViberunError

TAKEN = TakenError("422 already_exists", Answer(422, {}, b"", Digest(0, "")))


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return fabricated.make(tmp_path_factory.mktemp("bundle"), images=False)


@pytest.fixture(scope="module")
def newer(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return fabricated.make(Path(tmp_path_factory.mktemp("newer")), fabricated.NEWER, images=False)


def made(calls: list[str]) -> list[str]:
    """Without the looks."""
    return [call for call in calls if not call.endswith("?")]


def test_the_steps_go_in_the_order_that_keeps_half_releases_invisible(bundle: Bundle) -> None:
    calls: list[str] = []
    driver.release(bundle, [Recorder("a", calls)], silence(), dry_run=False)
    assert made(calls) == [
        f"a.{step}" for step in ("preflight", "stage", "sign", "claim", "publish", "promote", "close")
    ]
    assert calls[-2] == "a.verify?"


def test_destinations_take_turns_in_their_order_within_a_step(bundle: Bundle) -> None:
    calls: list[str] = []
    driver.release(bundle, [Recorder("pypi", calls), Recorder("npm", calls)], silence(), dry_run=False)
    for step in ("claim", "publish", "promote"):
        assert made(calls).index(f"pypi.{step}") + 1 == made(calls).index(f"npm.{step}")


def test_all_stage_at_the_same_time(bundle: Bundle) -> None:
    barrier, others = threading.Barrier(3), ("sign", "claim", "publish", "promote")
    several = [Recorder(name, [], barrier=barrier, there=others) for name in "abc"]
    driver.release(bundle, several, silence(), dry_run=False)


def test_a_dry_run_looks_at_every_step_and_changes_nothing(bundle: Bundle) -> None:
    calls: list[str] = []
    both = [Recorder("a", calls), Recorder("b", calls, there=("stage", "sign", "claim", "publish", "promote"))]
    report = driver.release(bundle, both, silence(), dry_run=True)
    assert sorted(made(calls)) == ["a.close", "a.preflight", "b.close", "b.preflight"]
    planned = [(at.name, [change.verb for change in plan.changes]) for at, plan in report.plans]
    assert planned == [("a", ["stage", "sign", "claim", "publish", "promote"]), ("b", [])]
    assert not report.changed


def test_a_release_makes_what_its_plan_says(bundle: Bundle) -> None:
    calls: list[str] = []
    at = Recorder("a", calls, there=["claim"])
    (plan,) = (plan for _, plan in driver.release(bundle, [at], silence(), dry_run=True).plans)
    calls.clear()
    driver.release(bundle, [at], silence(), dry_run=False)
    assert made(calls) == ["a.preflight", *(f"a.{change.verb}" for change in plan.changes), "a.close"]


def test_every_problem_of_every_destination_is_in_one_report(bundle: Bundle) -> None:
    calls: list[str] = []
    both = [
        Recorder("a", calls, problems=("no token", "dirty tree")),
        Recorder("b", calls, problems=("no such package",)),
    ]
    with pytest.raises(PreflightError) as caught:
        driver.release(bundle, both, silence(), dry_run=False)
    assert caught.value.problems == ("a: no token", "a: dirty tree", "b: no such package")
    assert calls == ["a.preflight", "b.preflight", "b.close", "a.close"]


def test_a_failing_preflight_does_not_hide_the_problems_of_others(bundle: Bundle) -> None:
    both = [Recorder("a", [], {"preflight": ViberunError("no answer")}), Recorder("b", [], problems=("no package",))]
    with pytest.raises(PreflightError) as caught:
        driver.release(bundle, both, silence(), dry_run=False)
    assert caught.value.problems == ("a: no answer", "b: no package")


def test_what_keeps_a_release_from_its_claim_alone_lets_it_stage_and_sign(bundle: Bundle) -> None:
    calls: list[str] = []
    both = [Recorder("a", calls, later=("nobody is there",)), Recorder("b", calls)]
    with pytest.raises(StepError, match="all is staged and signed, and nobody sees it yet") as caught:
        driver.release(bundle, both, silence(), dry_run=False)
    assert caught.value.problems == ("a: nobody is there",)
    assert made(calls)[-4:] == ["a.sign", "b.sign", "b.close", "a.close"]


def test_what_keeps_it_from_its_claim_may_make_a_look_at_that_fail(bundle: Bundle) -> None:
    one = Recorder("a", [], {"claim?": ViberunError("it is another's")}, later=("it is another's",))
    with pytest.raises(StepError, match="all is staged and signed, and nobody sees it yet: a: it is another's"):
        driver.release(bundle, [one], silence(), dry_run=False)


def test_what_keeps_it_from_its_claim_is_told_as_well_where_nobody_signs(bundle: Bundle) -> None:
    one = Recorder("a", [], {"sign": ViberunError("nobody has signed it")}, later=("nobody is there",))
    with pytest.raises(StepError, match="sign failed") as caught:
        driver.release(bundle, [one], silence(), dry_run=False)
    assert caught.value.problems == ("a: nobody has signed it", "a: nobody is there")


@pytest.mark.parametrize(("problems", "dry_run"), [(("no token",), False), ((), True)])
def test_it_stands_beside_what_keeps_it_from_all(bundle: Bundle, problems: tuple[str, ...], dry_run: bool) -> None:
    calls: list[str] = []
    one = Recorder("a", calls, problems=problems, later=("nobody is there",))
    with pytest.raises(PreflightError) as caught:
        driver.release(bundle, [one], silence(), dry_run=dry_run)
    assert caught.value.problems == tuple(f"a: {each}" for each in (*problems, "nobody is there"))
    assert "a.stage" not in calls


@pytest.mark.parametrize("step", ["sign", "claim", "publish", "promote"])
def test_a_failure_ends_the_release_there(bundle: Bundle, step: str) -> None:
    calls: list[str] = []
    both = [Recorder("a", calls, {step: ViberunError("HTTP 403", remedy="ask for it")}), Recorder("b", calls)]
    with pytest.raises(StepError, match=rf"{step} failed: a: HTTP 403; ask for it"):
        driver.release(bundle, both, silence(), dry_run=False)
    assert calls[-3:] == [f"a.{step}", "b.close", "a.close"]


def test_all_that_fails_in_staging_is_reported(bundle: Bundle) -> None:
    calls: list[str] = []
    three = [
        Recorder("a", calls, {"stage": ViberunError("full")}),
        Recorder("b", calls),
        Recorder("c", calls, {"stage": ViberunError("gone")}),
    ]
    with pytest.raises(StepError) as caught:
        driver.release(bundle, three, silence(), dry_run=False)
    assert caught.value.problems == ("a: full", "c: gone")
    assert "b.stage" in calls
    assert "b.claim" not in calls


def test_exit_codes_tell_refused_from_half_done() -> None:
    assert (PreflightError.exit_code, StepError.exit_code) == (3, 4)


def test_a_release_of_which_everything_is_there_has_changed_nothing(bundle: Bundle) -> None:
    idle = Recorder("a", [], there=[step.name for step in driver.STEPS])
    assert not driver.release(bundle, [idle], silence(), dry_run=False).changed


@pytest.mark.parametrize("step", ["stage", "sign", "claim", "publish", "promote"])
def test_one_step_that_did_something_is_a_change(bundle: Bundle, step: str) -> None:
    at = Recorder("a", [], there={each.name for each in driver.STEPS} - {step})
    assert driver.release(bundle, [at], silence(), dry_run=False).changed


def test_what_was_done_is_told_and_not_what_was_there(bundle: Bundle) -> None:
    out = io.StringIO()
    driver.release(bundle, [Recorder("a", [], there=("claim",))], Progress(out, Style(), lambda: 0.0), dry_run=False)
    assert out.getvalue().splitlines() == [
        "stage     a  stage a, 1 B",
        "sign      a  sign a, 1 B",
        "publish   a  publish a, 1 B",
        "promote   a  promote a, 1 B",
        "verify    a  as it was built",
    ]


def test_a_disk_that_is_full_is_a_failure_of_the_step_that_wrote(bundle: Bundle) -> None:
    full = Recorder("a", [], {"publish": OSError(errno.ENOSPC, "No space left on device")})
    with pytest.raises(StepError, match="publish failed: a: No space left on device; 'When it fails' in"):
        driver.release(bundle, [full], silence(), dry_run=False)


def test_no_secret_is_in_what_is_said_of_a_failure(bundle: Bundle) -> None:
    where = "https://me:s3cret-w0rd@index.example/"
    failing = Recorder("a", [], {"claim": ViberunError(f"{where} says no to t0ken-of-mine")})
    redact = redactor({"GITHUB_TOKEN": "t0ken-of-mine"})
    with pytest.raises(StepError) as caught:
        driver.release(bundle, [failing], silence(), dry_run=False, redact=redact)
    assert "https://***@index.example/ says no to ***" in str(caught.value)


class Place(Recorder):
    """Shows what was published only after so many seconds; its first answers may be errors."""

    def __init__(
        self, lag: float, errors: list[Exception] | None = None, *, within: float | None = None, scanned: bool = False
    ) -> None:
        self.clock = Clock()
        super().__init__("place", [], waits=self.clock.waits(Patience(first=1, longest=10, lag=600)))
        self._lag = lag
        self._errors = errors or []
        self._within = within
        self._scanned = scanned
        self.published: float | None = None
        self.uploads = 0

    def publish(self, bundle: Bundle):  # type: ignore[no-untyped-def]
        self.calls.append("publish?")
        if self.published is None or self.clock.now < self.published + self._lag:
            yield Change("publish", "it", make=lambda meter: self._upload(), within=self._within, scanned=self._scanned)

    def _upload(self) -> None:
        self.uploads += 1
        if self.published is None:
            self.published = self.clock.now
        if self._errors:
            raise self._errors.pop(0)


@pytest.mark.parametrize("lag", [0.3, 5, 39])
def test_what_was_made_is_believed_and_waited_for_until_it_is_shown(bundle: Bundle, lag: float) -> None:
    place = Place(lag)
    assert perform("publish", place, bundle) == Done("publish it")
    assert place.uploads == 1
    assert lag <= place.clock.now < lag + 11


def test_what_is_not_shown_for_long_is_made_again_a_few_times_and_then_given_up(bundle: Bundle) -> None:
    place = Place(float("inf"))
    with pytest.raises(UnseenError, match="not shown: publish it; run the same command again"):
        perform("publish", place, bundle)
    assert 1 < place.uploads <= 600 / Patience(longest=10).again + 1
    assert len(place.calls) < 150


def test_a_place_that_takes_its_time_gets_it(bundle: Bundle) -> None:
    slow = Place(3000, within=3600)
    assert perform("publish", slow, bundle) == Done("publish it")
    assert slow.clock.now >= 3000


def test_a_place_that_looks_through_it_for_longer_than_is_waited_ends_the_release_as_waiting(bundle: Bundle) -> None:
    slow = Place(4000, within=3600, scanned=True)
    slow.there |= {"stage", "sign", "claim", "promote"}
    other = Recorder("other", [])
    with pytest.raises(WaitingError, match="the release waits: place: not shown: publish it") as caught:
        driver.release(bundle, [slow, other], silence(), dry_run=False)
    assert caught.value.exit_code == 6
    assert "other.publish" not in other.calls
    slow.clock.sleep(4000)
    driver.release(bundle, [slow, other], silence(), dry_run=False)
    assert slow.uploads == 1


@pytest.mark.parametrize("lost", [TAKEN, UnansweredError("no answer in time")])
@pytest.mark.parametrize("lag", [0, 3])
def test_after_a_lost_answer_another_look_tells(bundle: Bundle, lost: Exception, lag: float) -> None:
    place = Place(lag, [lost])
    assert isinstance(perform("publish", place, bundle), Done | Skipped)
    assert place.uploads <= 3


def test_what_never_gets_an_answer_is_an_error_after_a_few_tries(bundle: Bundle) -> None:
    place = Place(float("inf"), [UnansweredError("no answer in time") for _ in range(20)])
    with pytest.raises(UnansweredError, match="no answer in time"):
        perform("publish", place, bundle)
    assert place.uploads == Patience().tries
    assert place.clock.now > 10


def test_before_its_first_change_a_build_that_was_overtaken_leaves_the_channel_alone(
    bundle: Bundle, newer: Bundle
) -> None:
    keeper = Recorder("keeper", [], held=lambda _: Published.of(newer))
    for step in ("publish", "promote", "verify"):
        at = Recorder("a", [])
        outcome = perform(step, at, bundle, keeper)
        assert outcome == Skipped(f"left to {newer.manifest.build.version}, which has taken its place")
        assert at.calls == []


def test_after_its_first_change_it_helps_the_one_that_overtook_it(bundle: Bundle, newer: Bundle) -> None:
    answers = [bundle, newer, newer]

    class Tag(Recorder):
        named = ""

        def promote(self, held: Published):  # type: ignore[no-untyped-def]
            wanted = held.manifest.build.commit

            def move(meter: object) -> None:
                self.named = wanted

            if self.named != wanted:
                yield Change("move", f"from {self.named} to {wanted}", make=move)

    tag = Tag("a", [])
    keeper = Recorder("keeper", [], held=lambda _: Published.of(answers.pop(0)))
    assert isinstance(perform("promote", tag, bundle, keeper), Done)
    assert tag.named == newer.manifest.build.commit
    assert answers == []


def test_a_look_that_another_run_made_stale_is_taken_again(bundle: Bundle) -> None:
    at = Recorder("a", [], {"claim?": StaleError("it changes")})
    with pytest.raises(StaleError, match="it changes"):
        perform("claim", at, bundle)
    assert at.calls == ["a.claim?"] * Patience().tries


def test_nothing_is_made_after_what_takes_another_look(bundle: Bundle) -> None:
    calls: list[str] = []

    class Two(Recorder):
        def noting(self, call: str) -> Callable[[Meter], None]:
            return lambda meter: calls.append(call)

        def stage(self, bundle: Bundle):  # type: ignore[no-untyped-def]
            for number in range(2):
                if f"{number}" not in calls:
                    yield Change("make", f"{number}", make=self.noting(f"{number}"), last=not number)
            calls.append("look")

    perform("stage", Two("a", []), bundle)
    assert calls == ["look", "0", "look", "1", "look"]


def test_nothing_is_made_after_what_is_waited_for(bundle: Bundle) -> None:
    made: list[str] = []

    class Waiting(Place):
        def publish(self, bundle: Bundle):  # type: ignore[no-untyped-def]
            if self.clock.now < 60:
                yield Change("upload", "another run's", last=True)
            if not made:
                yield Change("write", "the page", make=lambda meter: made.append(str(self.clock.now)))

    perform("publish", Waiting(0), bundle)
    assert [float(when) >= 60 for when in made] == [True]


def test_what_comes_of_itself_is_left_to_the_run_that_overtook_this_one(bundle: Bundle, newer: Bundle) -> None:
    answers = [bundle, newer]

    class Tag(Place):
        def promote(self, held: Published):  # type: ignore[no-untyped-def]
            if held.manifest != bundle.manifest:
                yield Change("", "the newer is not there")
            elif not self.uploads:
                yield Change("move", "the tag", make=lambda meter: self._upload())

    keeper = Recorder("keeper", [], held=lambda _: Published.of(answers.pop(0)))
    at = Tag(0)
    outcome = perform("promote", at, bundle, keeper)
    assert outcome == Done(f"move the tag; left to {newer.manifest.build.version}, which has taken its place")
    assert at.clock.now == 0


def test_what_was_published_while_another_took_over_is_put_right_in_the_step_after(
    bundle: Bundle, newer: Bundle
) -> None:
    """npm moves its dist-tag as it publishes: back, if a newer build was published in between."""

    class Npm(Recorder):
        named = ""

        def publish(self, bundle: Bundle):  # type: ignore[no-untyped-def]
            def make(meter: Meter) -> None:
                self.named = bundle.manifest.build.commit

            if not self.named:
                yield Change("publish", "it", make=make)

        def promote(self, held: Published):  # type: ignore[no-untyped-def]
            def move(meter: Meter) -> None:
                self.named = held.manifest.build.commit

            if self.named != held.manifest.build.commit:
                yield Change("move", f"from {self.named}", make=move)

    npm = Npm("npm", [])
    keeper = Recorder("github", [], held=lambda _: Published.of(newer if npm.named else bundle))
    driver.release(bundle, [npm, keeper], silence(), dry_run=False)
    assert npm.named == newer.manifest.build.commit
    assert "github.promote" not in keeper.calls
