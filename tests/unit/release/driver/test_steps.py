import errno
import io
import threading

import pytest

from release.bundle.model import Bundle
from release.driver import steps as driver
from release.driver.outcome import Done, Outcome, Plan, Problems, Skipped
from release.driver.progress import Meter, Progress, Style
from release.driver.steps import PreflightError, StepError
from release.transport.secrets import redactor
from tests.release import fabricated
from tests.unit.release.driver.recorder import Recorder, silence
from viberun.errors import ViberunError


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return fabricated.make(tmp_path_factory.mktemp("bundle"), images=False)


def test_the_steps_go_in_the_order_that_keeps_half_releases_invisible(bundle: Bundle) -> None:
    calls: list[str] = []
    driver.release(bundle, [Recorder("a", calls)], silence(), dry_run=False)
    steps = ["preflight", "plan", "stage", "claim", "publish", "promote", "verify", "close"]
    assert calls == [f"a.{step}" for step in steps]


def test_destinations_take_turns_in_their_order_within_a_step(bundle: Bundle) -> None:
    calls: list[str] = []
    both = [Recorder("pypi", calls), Recorder("npm", calls)]
    driver.release(bundle, both, silence(), dry_run=False)
    for step in ("claim", "publish", "promote"):
        assert calls.index(f"pypi.{step}") + 1 == calls.index(f"npm.{step}")


def test_all_stage_at_the_same_time(bundle: Bundle) -> None:
    barrier = threading.Barrier(3)
    several = [Recorder(name, [], barrier=barrier) for name in "abc"]
    driver.release(bundle, several, silence(), dry_run=False)


def test_a_dry_run_ends_before_the_first_change_and_brings_the_plans(bundle: Bundle) -> None:
    calls: list[str] = []
    both = [Recorder("a", calls), Recorder("b", calls, {"plan": Plan(())})]
    report = driver.release(bundle, both, silence(), dry_run=True)
    asked = [call for call in calls if not call.endswith(".close")]
    assert sorted(asked) == ["a.plan", "a.preflight", "b.plan", "b.preflight"]
    assert [(at.name, len(plan.changes)) for at, plan in report.plans] == [("a", 1), ("b", 0)]
    assert not report.changed


def test_every_problem_of_every_destination_is_in_one_report(bundle: Bundle) -> None:
    calls: list[str] = []
    both = [
        Recorder("a", calls, {"preflight": Problems(("no token", "dirty tree"))}),
        Recorder("b", calls, {"preflight": Problems(("no such package",))}),
    ]
    with pytest.raises(PreflightError) as caught:
        driver.release(bundle, both, silence(), dry_run=False)
    assert caught.value.problems == ("a: no token", "a: dirty tree", "b: no such package")
    assert calls == ["a.preflight", "b.preflight", "b.close", "a.close"]


def test_a_failing_preflight_does_not_hide_the_problems_of_others(bundle: Bundle) -> None:
    both = [
        Recorder("a", [], {"preflight": ViberunError("no answer")}),
        Recorder("b", [], {"preflight": Problems(("no such package",))}),
    ]
    with pytest.raises(PreflightError) as caught:
        driver.release(bundle, both, silence(), dry_run=False)
    assert caught.value.problems == ("a: no answer", "b: no such package")


@pytest.mark.parametrize("step", ["claim", "publish", "promote"])
def test_a_failure_ends_the_release_there(bundle: Bundle, step: str) -> None:
    calls: list[str] = []
    error = ViberunError("HTTP 403", remedy="ask for it")
    both = [Recorder("a", calls, {step: error}), Recorder("b", calls)]
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


def test_a_release_in_which_every_step_is_skipped_has_changed_nothing(bundle: Bundle) -> None:
    changing = [step.name for step in driver.STEPS if step.changes]
    idle = Recorder("a", [], dict.fromkeys(changing, Skipped("is there already")))
    assert not driver.release(bundle, [idle], silence(), dry_run=False).changed


@pytest.mark.parametrize("step", ["stage", "claim", "publish", "promote"])
def test_one_step_that_did_something_is_a_change(bundle: Bundle, step: str) -> None:
    changing = [s.name for s in driver.STEPS if s.changes]
    outcomes: dict[str, Outcome | ViberunError] = {**dict.fromkeys(changing, Skipped()), step: Done("it")}
    report = driver.release(bundle, [Recorder("a", [], outcomes)], silence(), dry_run=False)
    assert report.changed


def test_what_was_done_and_why_not_is_told_but_not_what_has_no_part(bundle: Bundle) -> None:
    out = io.StringIO()
    outcomes: dict[str, Outcome | ViberunError] = {
        "stage": Skipped("is there already"),
        "claim": Skipped(),
        "publish": Done("v1"),
    }
    progress = Progress(out, Style(), lambda: 0.0)
    driver.release(bundle, [Recorder("a", [], outcomes)], progress, dry_run=False)
    assert out.getvalue().splitlines() == [
        "stage     a  is there already",
        "publish   a  v1",
        "promote   a  promote",
        "verify    a  verify",
    ]


def test_a_disk_that_is_full_is_a_failure_of_the_step_that_wrote(bundle: Bundle) -> None:
    class Full(Recorder):
        def publish(self, bundle: Bundle, meter: Meter) -> Done | Skipped:
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(StepError, match="publish failed: a: No space left on device; 'When it fails' in"):
        driver.release(bundle, [Full("a", [])], silence(), dry_run=False)


def test_no_secret_is_in_what_is_said_of_a_failure(bundle: Bundle) -> None:
    where = "https://me:s3cret-w0rd@index.example/"
    failing = Recorder("a", [], {"claim": ViberunError(f"{where} says no to t0ken-of-mine")})
    redact = redactor({"GITHUB_TOKEN": "t0ken-of-mine"})
    with pytest.raises(StepError) as caught:
        driver.release(bundle, [failing], silence(), dry_run=False, redact=redact)
    assert "https://***@index.example/ says no to ***" in str(caught.value)
