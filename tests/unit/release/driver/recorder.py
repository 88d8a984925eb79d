"""Stand-ins that note what the driver asks of a destination; they go nowhere."""

import io
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping

from release.bundle.model import Bundle
from release.destinations.destination import Destination, Published, Receipt, Row
from release.driver import steps as driver
from release.driver.outcome import Change, Done, Problems, Skipped
from release.driver.progress import Meter, Progress, Style
from release.transport.patience import Patience, Waits

STEPS = {step.name: step for step in driver.STEPS}


def silence() -> Progress:
    return Progress(io.StringIO(), Style(quiet=True), lambda: 0.0)


def perform(
    step: str, at: Destination, bundle: Bundle, keeper: Destination | None = None, *, begun: bool = False
) -> Done | Skipped:
    """One step at one destination, as the driver takes it; `keeper` knows whose the channel is, else it is the bundle's."""
    nobody = Recorder("keeper", [])
    return driver.perform(STEPS[step], at, keeper or nobody, bundle, silence().begin(step, at.name), begun=begun)


class Clock:
    """Moves as one sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def waits(self, patience: Patience) -> Waits:
        return Waits(patience, self.sleep, self)


class Recorder(Destination):
    """Notes `name.step` in `calls` for each change that is made, and `name.step?` for each look.

    A step lacks one change until that is made. `fails` has what a look or a change raises, by its note; `held` is the
    build that has the channel.
    """

    def __init__(
        self,
        name: str,
        calls: list[str],
        fails: Mapping[str, Exception] | None = None,
        barrier: threading.Barrier | None = None,
        *,
        there: Iterable[str] = (),
        problems: Iterable[str] = (),
        later: Iterable[str] = (),
        held: Callable[[Bundle], Published] = Published.of,
        waits: Waits | None = None,
    ) -> None:
        self.name = name
        self.waits = waits or Clock().waits(Patience())
        self.calls = calls
        self.there = set(there)
        self._fails = fails or {}
        self._problems = Problems(tuple(problems), tuple(later))
        self._barrier = barrier
        self._held = held

    def preflight(self, bundle: Bundle, meter: Meter) -> Problems:
        self._note("preflight")
        return self._problems

    def stage(self, bundle: Bundle) -> Iterator[Change]:
        return self._look("stage")

    def sign(self, bundle: Bundle) -> Iterator[Change]:
        return self._look("sign")

    def claim(self, bundle: Bundle) -> Iterator[Change]:
        return self._look("claim")

    def publish(self, bundle: Bundle) -> Iterator[Change]:
        return self._look("publish")

    def promote(self, held: Published) -> Iterator[Change]:
        return self._look("promote")

    def verify(self, bundle: Bundle) -> Iterator[Change]:
        self._note("verify?")
        yield from ()

    def holder(self, bundle: Bundle) -> Published:
        return self._held(bundle)

    def receipt(self, bundle: Bundle) -> Receipt:
        return Receipt(self.name, (Row(self.name, 1),), ())

    def close(self) -> None:
        self.calls.append(f"{self.name}.close")

    def _look(self, step: str) -> Iterator[Change]:
        self._note(f"{step}?")

        def make(meter: Meter) -> None:
            if self._barrier:
                self._barrier.wait(10)
            self._note(step)
            self.there.add(step)

        if step not in self.there:
            yield Change(step, self.name, 1, make)

    def _note(self, call: str) -> None:
        self.calls.append(f"{self.name}.{call}")
        if error := self._fails.get(call):
            raise error
