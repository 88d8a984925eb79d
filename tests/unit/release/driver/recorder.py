"""Stand-ins that note what the driver asks of a destination; they go nowhere."""

import io
import threading
from collections.abc import Mapping

from release.bundle.model import Bundle
from release.destinations.destination import Destination, Receipt, Row
from release.driver.outcome import Change, Done, Outcome, Plan, Problems, Skipped
from release.driver.progress import Meter, Progress, Style
from viberun.errors import ViberunError


def silence() -> Progress:
    return Progress(io.StringIO(), Style(quiet=True), lambda: 0.0)


class Recorder(Destination):
    """Notes `name.step` in `calls`; answers with `outcomes`, or raises what stands there."""

    def __init__(
        self,
        name: str,
        calls: list[str],
        outcomes: Mapping[str, Outcome | ViberunError] | None = None,
        barrier: threading.Barrier | None = None,
    ) -> None:
        self.name = name
        self._calls = calls
        self._outcomes = outcomes or {}
        self._barrier = barrier

    def preflight(self, bundle: Bundle, meter: Meter) -> Problems:
        outcome = self._answer("preflight", Problems(()))
        assert isinstance(outcome, Problems)
        return outcome

    def plan(self, bundle: Bundle, meter: Meter) -> Plan:
        outcome = self._answer("plan", Plan((Change("write", self.name, 1),)))
        assert isinstance(outcome, Plan)
        return outcome

    def stage(self, bundle: Bundle, meter: Meter) -> Done | Skipped:
        if self._barrier:
            self._barrier.wait(10)
        return self._step("stage")

    def claim(self, bundle: Bundle, meter: Meter) -> Done | Skipped:
        return self._step("claim")

    def publish(self, bundle: Bundle, meter: Meter) -> Done | Skipped:
        return self._step("publish")

    def promote(self, bundle: Bundle, meter: Meter) -> Done | Skipped:
        return self._step("promote")

    def verify(self, bundle: Bundle, meter: Meter) -> Done | Skipped:
        return self._step("verify")

    def receipt(self, bundle: Bundle) -> Receipt:
        return Receipt(self.name, (Row(self.name, 1),), ())

    def close(self) -> None:
        self._calls.append(f"{self.name}.close")

    def _step(self, step: str) -> Done | Skipped:
        outcome = self._answer(step, Done(step))
        assert isinstance(outcome, Done | Skipped)
        return outcome

    def _answer(self, step: str, usual: Outcome) -> Outcome:
        self._calls.append(f"{self.name}.{step}")
        outcome = self._outcomes.get(step, usual)
        if isinstance(outcome, ViberunError):
            raise outcome
        return outcome
