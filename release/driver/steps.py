"""The release, step by step. STEPS is the order and the reason for it; the rest only walks it.

There is one loop for all places. A destination tells what a step lacks there, the driver makes that, and then looks again:
what is there is left, what is absent is made, and whatever was killed is finished from the start. So a plan is the first look
of every step. The answer to a write is believed: what was made, and a later look still lacks, has not been shown yet.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import groupby

from release.bundle.model import Bundle
from release.destinations.destination import Destination, Published
from release.driver.outcome import Change, Done, Outcome, Plan, Problems, ScannedError, Skipped, StaleError, UnseenError
from release.driver.progress import Meter, Progress, size_text
from release.transport.http import TakenError, UnansweredError
from release.transport.parallel import each
from viberun.errors import InvalidError, ViberunError

_WIDTH = 6
_NOTED_AFTER = 4


class PreflightError(InvalidError):
    """The release can't begin; nothing has been changed."""

    exit_code = 3


class StepError(InvalidError):
    """A step failed at one destination or more; the same command goes on from there."""

    exit_code = 4


class WaitingError(StepError):
    """A place still looks through what it was sent; until it shows it the others stand as they did."""

    exit_code = 6


@dataclass(frozen=True)
class Step:
    """What every destination is asked, one after the other or all at once: what it lacks of the build that is held to.

    That is this one; in a step that `follows`, whichever has the channel. What is `unseen` is taken even where something keeps
    the release from its claim.
    """

    name: str
    promise: str
    look: Callable[[Destination, Bundle, Published], Iterable[Change]]
    changes: bool = True
    at_once: bool = False
    follows: bool = False
    unseen: bool = False


STEPS = (
    Step(
        "stage",
        "all content goes where no reader looks, and is read back by digest",
        lambda at, bundle, held: at.stage(bundle),
        at_once=True,
        unseen=True,
    ),
    Step(
        "sign",
        "the run of Actions for this commit vouches for it, or nobody claims the channel for it",
        lambda at, bundle, held: at.sign(bundle),
        unseen=True,
    ),
    Step(
        "claim",
        "the channel is this commit's from here on; if it is a newer one's, the release ends",
        lambda at, bundle, held: at.claim(bundle),
    ),
    Step(
        "publish",
        "what readers see at once, under names that carry the version",
        lambda at, bundle, held: at.publish(bundle),
        follows=True,
    ),
    Step(
        "promote",
        "the names that move: readers get this release from here on",
        lambda at, bundle, held: at.promote(held),
        follows=True,
    ),
    Step(
        "verify",
        "a user without credentials gets what was built",
        lambda at, bundle, held: at.verify(bundle),
        changes=False,
        at_once=True,
        follows=True,
    ),
)


@dataclass(frozen=True)
class Report:
    """How a release went: each destination's plan, in their order, and whether anything changed."""

    plans: tuple[tuple[Destination, Plan], ...]
    changed: bool


class _LostError(Exception):
    """Nobody knows whether a change was made; its cause says why."""


Answer = tuple[Destination, Outcome | ViberunError]
Ask = Callable[[Destination, Meter], Outcome]


def release(
    bundle: Bundle,
    destinations: Sequence[Destination],
    progress: Progress,
    *,
    dry_run: bool,
    redact: Callable[[str], str] = str,
) -> Report:
    """Takes the bundle to every destination, or with `dry_run` only up to the first change.

    The last destination commits the release: it knows whose the channel is. `redact` keeps secrets out of what is said of a
    failure. Raises PreflightError as long as nothing has changed, and StepError afterwards.
    """
    keeper = destinations[-1]

    def asked(name: str, ask: Ask, *, at_once: bool) -> list[Answer]:
        """Tells what each answered; after a failure in turn those whose turn had not come are left out."""

        def answer(destination: Destination) -> Answer:
            return destination, _answer(name, destination, ask, progress)

        if at_once:
            with ThreadPoolExecutor(len(destinations)) as pool:
                return list(pool.map(answer, destinations))
        answers = list[Answer]()
        for destination in destinations:
            answers.append(answer(destination))
            if isinstance(answers[-1][1], ViberunError):
                break
        return answers

    with ExitStack() as stack:
        for destination in destinations:
            stack.callback(destination.close)
        later = list[str]()
        for name, ask in (("preflight", _preflight(bundle)), ("plan", _plan(bundle, later))):
            answers = asked(name, ask, at_once=True)
            problems = [redact(problem) for problem in _problems(answers)]
            later += [redact(problem) for problem in _later(answers)]
            if problems or (later and dry_run):
                raise PreflightError("nothing was released", [*problems, *later])
        report = Report(tuple((at, outcome) for at, outcome in answers if isinstance(outcome, Plan)), changed=False)
        changed, begun = False, set[Destination]()
        for step in () if dry_run else STEPS:
            if later and not step.unseen:
                raise StepError(
                    "all is staged and signed, and nobody sees it yet", later, remedy="then run the same command again"
                )

            def ask_step(at: Destination, meter: Meter, step: Step = step) -> Outcome:
                return perform(step, at, keeper, bundle, meter, begun=at in begun)

            answers = asked(step.name, ask_step, at_once=step.at_once)
            if problems := [redact(problem) for problem in _problems(answers)]:
                remedy = "'When it fails' in RELEASING.md says what to do"
                failures = [outcome for _, outcome in answers if isinstance(outcome, ViberunError)]
                if all(isinstance(failure, ScannedError) for failure in failures):
                    raise WaitingError("the release waits", problems, remedy=remedy)
                raise StepError(f"{step.name} failed", [*problems, *later], remedy=remedy)
            done = {at for at, outcome in answers if step.changes and isinstance(outcome, Done)}
            changed |= bool(done)
            begun.update(done if step.follows else ())
    return Report(report.plans, changed)


def _preflight(bundle: Bundle) -> Ask:
    return lambda at, meter: at.waits.patiently(lambda: at.preflight(bundle, meter), StaleError)


def _plan(bundle: Bundle, later: Sequence[str]) -> Ask:
    """`later` is what preflight finds, which comes first."""
    own = Published.of(bundle)

    def ask(at: Destination, meter: Meter) -> Outcome:
        taken = [step for step in STEPS if step.changes and (step.unseen or not later)]

        def looks() -> tuple[Change, ...]:
            return tuple(change for step in taken for change in step.look(at, bundle, own))

        return Plan(at.waits.patiently(looks, StaleError))

    return ask


def perform(
    step: Step, at: Destination, keeper: Destination, bundle: Bundle, meter: Meter, *, begun: bool = False
) -> Done | Skipped:
    """Looks, makes what is lacking, and looks again until nothing is, as long as the channel is this build's.

    Before the first change that readers see another build that has the channel is left to its own run, which may have published
    nothing yet; after it (`begun`: in a step before) this run can't but help that one forwards. Raises UnseenError for what
    was made, or comes by itself, and is not shown in time; else what a look or a change raises.
    """
    clock, sleep, patience = at.waits.clock, at.waits.sleep, at.waits.patience
    held, made, said = Published.of(bundle), dict[Change, float](), list[str]()
    failures, idle, since = 0, 0, clock()

    def make(change: Change) -> None:
        assert change.make
        try:
            said.extend(filter(None, [change.make(meter)]))
        except TakenError:
            pass  # another's, or its answer got lost: it will be shown
        except UnansweredError as error:
            raise _LostError from error
        made[change] = clock()

    def again(change: Change) -> float:
        """Tells when it may be made: where a place has a time for it, once."""
        return made[change] + (patience.again if change.within is None else math.inf) if change in made else 0

    ask = True
    while True:
        asked, ask = ask, False
        try:
            if asked and step.follows:
                held = keeper.holder(bundle)
            overtaken = held.manifest.build.version != bundle.manifest.build.version
            left = [f"left to {held.manifest.build.version}, which has taken its place"] if overtaken else []
            if overtaken and not (step.changes and (made or begun)):
                return Skipped(*left)
            lacking = list(step.look(at, bundle, held))
            if overtaken and not any(change.make for change in lacking):
                lacking = []  # what comes of itself is for the other's run to wait for
            if not lacking and asked:
                return _outcome(step, list(made), said, left)
            ready = _ready(lacking, again, clock())
            if ready and asked:
                fresh = any(each not in made for each in ready)
                _make(ready, make)
                failures = 0
                if fresh:
                    idle, since = 0, clock()
            if ready or not lacking:
                ask = True  # what was waited for may be another's turn by now
                continue
        except (_LostError, StaleError) as error:
            failures += 1
            if failures >= patience.tries:
                raise error.__cause__ or error from None
            ask = True
            sleep(patience.backoff(failures))
            continue
        idle += 1
        ask = any(each.within is None for each in lacking)  # what takes its time does so whosever turn it is
        pause = patience.backoff(idle)
        most = max(patience.lag if each.within is None else each.within for each in lacking)
        if clock() + pause - since > most:
            kind = ScannedError if all(each.scanned for each in lacking) else UnseenError
            raise kind("not shown", [str(each) for each in lacking], remedy="run the same command again")
        if idle == _NOTED_AFTER:
            meter.note(f"not there yet; looks for {most / 60:.0f} minutes at most")
        sleep(pause)


def _ready(lacking: Sequence[Change], again: Callable[[Change], float], now: float) -> list[Change]:
    """Picks what may be made now; nothing after a change that is waited for, and that takes another look."""
    ready = list[Change]()
    for change in lacking:
        if change.make and now >= again(change):
            ready.append(change)
        elif change.last:
            break
    return ready


def _make(changes: Sequence[Change], make: Callable[[Change], None]) -> None:
    """Makes them in their order up to the first after which another look is needed, neighbours at once where they may be."""
    for at_once, group in groupby(changes, lambda change: change.at_once):
        if at_once:
            each(make, group, _WIDTH)
            continue
        for change in group:
            make(change)
            if change.last:
                return


def _outcome(step: Step, made: Sequence[Change], said: Sequence[str], left: Sequence[str]) -> Done | Skipped:
    if not step.changes:
        return Done("as it was built")
    if not made:
        return Skipped(*left)
    texts = list[str]()
    for verb in dict.fromkeys(change.verb for change in made):
        those = [change for change in made if change.verb == verb]
        size = sum(change.size or 0 for change in those)
        one, total = (str(those[0]) if len(those) == 1 else f"{verb} {len(those)}"), f", {size_text(size)}"
        texts.append(one + (total if size else ""))
    return Done("; ".join(dict.fromkeys([*texts, *said, *left])))


def _answer(name: str, destination: Destination, ask: Ask, progress: Progress) -> Outcome | ViberunError:
    meter = progress.begin(name, destination.name)
    said = ""
    try:
        outcome = ask(destination, meter)
        said = _said(outcome)
        return outcome
    except ViberunError as error:
        return error
    except OSError as error:  # a full disk most of all, which often tells no file
        return ViberunError(": ".join(filter(None, (error.filename, error.strerror or str(error)))))
    finally:
        meter.end(said)


def _said(outcome: Outcome) -> str:
    """Tells what is worth a line of its own: problems and plans are shown as a whole later."""
    match outcome:
        case Done(what):
            return what
        case Skipped(reason):
            return reason
        case Problems() | Plan():
            return ""


def _later(answers: Sequence[Answer]) -> list[str]:
    return [f"{at.name}: {each}" for at, outcome in answers if isinstance(outcome, Problems) for each in outcome.later]


def _problems(answers: Sequence[Answer]) -> list[str]:
    found: list[str] = []
    for destination, outcome in answers:
        match outcome:
            case Problems(problems):
                found += [f"{destination.name}: {problem}" for problem in problems]
            case ViberunError():
                found.append(f"{destination.name}: {outcome}")
    return found
