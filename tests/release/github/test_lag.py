"""Releases to a GitHub whose reads lag behind its writes; the clock moves as somebody sleeps."""

import io
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from release.bundle.model import Bundle
from release.destinations.destination import Published
from release.driver.progress import Progress, Style
from release.driver.steps import StepError
from tests.release.github.lag import KINDS, Reads
from tests.release.github.releases import Field
from tests.release.servers.gate import Asked, Fault
from tests.unit.release.driver.recorder import perform

SECONDS = [0.3, 20, 60]


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Field]:
    slow = Field(tmp_path)
    with slow.github, slow.gate:
        yield slow


def kinds(changes: list[str]) -> Counter[str]:
    return Counter(re.sub("[0-9]+", "", change) for change in changes)


@pytest.mark.parametrize("kind", [*KINDS, None])
def test_dev_releases_send_no_more_changes_where_reads_lag(slow: Field, kind: Reads | None) -> None:
    for _ in range(3):
        usual = slow.release(slow.dev(), keep=1)
    for seconds in SECONDS:
        slow.github.lag.seconds = {kind: seconds} if kind else dict.fromkeys(KINDS, seconds)
        bundle = slow.dev()
        began = slow.clock.now
        assert kinds(slow.release(bundle, keep=1)) == kinds(usual), seconds
        assert slow.clock.now - began < 15 * max(seconds, 1)
        slow.check(bundle)


@pytest.mark.parametrize("kind", [*KINDS, None])
def test_prod_releases_send_no_more_changes_where_reads_lag(slow: Field, kind: Reads | None) -> None:
    for _ in range(2):
        usual = slow.release(slow.prod())
    for seconds in SECONDS:
        slow.github.lag.seconds = {kind: seconds} if kind else dict.fromkeys(KINDS, seconds)
        bundle = slow.prod()
        assert kinds(slow.release(bundle)) == kinds(usual), seconds
        slow.check(bundle)
        assert slow.github.repository.latest_release() == slow.github.repository.published(
            bundle.manifest.build.version.git
        )


@pytest.mark.parametrize("seconds", SECONDS)
def test_the_first_dev_release_makes_one_release_where_reads_lag(slow: Field, seconds: float) -> None:
    slow.github.lag.seconds = dict.fromkeys(KINDS, seconds)
    bundle = slow.dev()
    assert kinds(slow.release(bundle))["POST /api/v/repos/octo/viberun/releases"] == 1
    slow.check(bundle)


@pytest.mark.parametrize("channel", ["dev", "prod"])
def test_whatever_answer_gets_lost_where_reads_lag_the_same_command_finishes_with_one_draft(
    slow: Field, channel: str
) -> None:
    def bundle() -> Bundle:
        return slow.dev() if channel == "dev" else slow.prod()

    for _ in range(3):
        usual = kinds(slow.release(bundle(), keep=1))
    slow.github.lag.seconds = dict.fromkeys(KINDS, 20)
    for kind in usual:
        lost, gone = bundle(), list[str]()

        def lose(change: Asked, kind: str = kind, gone: list[str] = gone) -> Fault | None:
            if gone or [kind] != [*kinds([f"{change.method} {change.path}"])]:
                return None
            gone.append(change.path)
            return Fault("whole", "reset")

        slow.gate.policy = lose
        try:
            first = slow.release(lost, keep=1)
        except StepError:
            first = slow.changes
        assert gone
        made = kinds([*first, *slow.release(lost, keep=1)])
        assert made["POST /api/v/repos/octo/viberun/releases"] <= 1, kind
        assert sum(made.values()) <= 2 * sum(usual.values()), (kind, made - usual)
        slow.check(lost)


def test_a_rewritten_history_is_released_by_force_where_the_ref_lags(slow: Field) -> None:
    root = slow.builds.commit()
    slow.release(slow.dev())
    slow.github.lag.seconds = {"ref": 20}
    slow.builds.rewrite("rewritten", root)
    bundle = slow.dev()
    slow.release(bundle, force=True)
    slow.check(bundle)


def test_a_ref_that_does_not_show_the_claim_for_long_is_claimed_again_and_waited_for(slow: Field) -> None:
    slow.release(slow.dev())
    slow.github.lag.seconds = {"ref": 200}
    bundle = slow.dev()
    assert kinds(slow.release(bundle))["PATCH /api/v/repos/octo/viberun/git/refs/tags/dev"] == 2
    slow.check(bundle)


def test_a_newer_channel_is_not_put_back_where_the_ref_still_shows_the_older_claim(slow: Field) -> None:
    slow.release(slow.dev())
    older, newer = slow.dev(), slow.dev()
    repository, commit = slow.github.repository, older.manifest.build.commit
    slow.release(newer)
    repository.refs["refs/tags/dev"] = commit

    def show() -> None:
        if slow.clock.now > shown:
            repository.refs["refs/tags/dev"] = newer.manifest.build.commit

    shown = slow.clock.now + 20
    slow.on_sleep = show
    slow.release(older)
    slow.check(newer)
    assert not any(change.startswith("PATCH") and "/releases/assets/" in change for change in slow.changes)


def test_what_a_run_brought_too_late_and_does_not_see_yet_is_taken_away(slow: Field) -> None:
    slow.release(slow.dev())
    older, newer = slow.dev(), slow.dev()
    late = slow.destination()
    perform("stage", late, older)
    perform("claim", late, older)
    (bring, *_) = late.promote(Published.of(older))
    slow.release(newer)
    slow.clock.sleep(60)
    slow.github.lag.seconds = {"assets": 30}
    assert bring.make
    bring.make(Progress(io.StringIO(), Style(quiet=True), slow.clock).begin("promote", "github"))
    assert "channel.new.json" in {asset.name for asset in slow.github.repository.assets.values()}
    perform("promote", late, older, late, begun=True)
    slow.github.lag.seconds = {}
    slow.check(newer)
