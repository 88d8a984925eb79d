"""The release, step by step. STEPS is the order and the reason for it; the rest only walks it."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass

from release.bundle.model import Bundle
from release.destinations.destination import Destination
from release.driver.outcome import Done, Outcome, Plan, Problems, Skipped
from release.driver.progress import Meter, Progress
from viberun.errors import InvalidError, ViberunError


class PreflightError(InvalidError):
    """The release can't begin; nothing has been changed."""

    exit_code = 3


class StepError(InvalidError):
    """A step failed at one destination or more; the same command goes on from there."""

    exit_code = 4


@dataclass(frozen=True)
class Step:
    """What every destination is asked, one after the other or all at once."""

    name: str
    promise: str
    ask: Callable[[Destination, Bundle, Meter], Outcome]
    changes: bool = True
    at_once: bool = False


STEPS = (
    Step(
        "preflight",
        "every problem of every destination, in one report",
        lambda at, *what: at.preflight(*what),
        changes=False,
        at_once=True,
    ),
    Step(
        "plan",
        "what is there already, what will be made, what moves",
        lambda at, *what: at.plan(*what),
        changes=False,
        at_once=True,
    ),
    Step(
        "stage",
        "all content goes where no reader looks, and is read back by digest",
        lambda at, *what: at.stage(*what),
        at_once=True,
    ),
    Step(
        "claim",
        "the channel is this commit's from here on; if it is a newer one's, the release ends",
        lambda at, *what: at.claim(*what),
    ),
    Step(
        "publish",
        "what readers see at once, under names that carry the version",
        lambda at, *what: at.publish(*what),
    ),
    Step(
        "promote",
        "the names that move: readers get this release from here on",
        lambda at, *what: at.promote(*what),
    ),
    Step(
        "verify",
        "a user without credentials gets what was built",
        lambda at, *what: at.verify(*what),
        changes=False,
        at_once=True,
    ),
)


@dataclass(frozen=True)
class Report:
    """How a release went: each destination's plan, in their order, and whether anything changed."""

    plans: tuple[tuple[Destination, Plan], ...]
    changed: bool


Answer = tuple[Destination, Outcome | ViberunError]


def release(
    bundle: Bundle,
    destinations: Sequence[Destination],
    progress: Progress,
    *,
    dry_run: bool,
    redact: Callable[[str], str] = str,
) -> Report:
    """Takes the bundle to every destination, or with `dry_run` only up to the first change.

    `redact` keeps secrets out of what is said of a failure. Raises PreflightError as long as nothing has changed, and
    StepError afterwards.
    """
    answers: list[Answer] = []
    begun = changed = False
    with ExitStack() as stack:
        for destination in destinations:
            stack.callback(destination.close)
        for step in STEPS:
            if step.changes and dry_run:
                break
            begun |= step.changes
            new = _perform(step, bundle, destinations, progress)
            if problems := [redact(problem) for problem in _problems(new)]:
                raise (
                    StepError(f"{step.name} failed", problems, remedy="'When it fails' in RELEASING.md says what to do")
                    if begun
                    else PreflightError("nothing was released", problems)
                )
            changed |= step.changes and any(isinstance(outcome, Done) for _, outcome in new)
            answers += new
    return Report(tuple((at, outcome) for at, outcome in answers if isinstance(outcome, Plan)), changed)


def _perform(step: Step, bundle: Bundle, destinations: Sequence[Destination], progress: Progress) -> list[Answer]:
    """Tells what each destination answered; after a failed change those whose turn had not come are left out."""

    def ask(destination: Destination) -> Answer:
        return destination, _ask(step, bundle, destination, progress)

    if step.at_once:
        with ThreadPoolExecutor(len(destinations)) as pool:
            return list(pool.map(ask, destinations))
    answers: list[Answer] = []
    for destination in destinations:
        answers.append(ask(destination))
        if step.changes and isinstance(answers[-1][1], ViberunError):
            break
    return answers


def _ask(step: Step, bundle: Bundle, destination: Destination, progress: Progress) -> Outcome | ViberunError:
    meter = progress.begin(step.name, destination.name)
    said = ""
    try:
        outcome = step.ask(destination, bundle, meter)
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


def _problems(answers: Sequence[Answer]) -> list[str]:
    found: list[str] = []
    for destination, outcome in answers:
        match outcome:
            case Problems(problems):
                found += [f"{destination.name}: {problem}" for problem in problems]
            case ViberunError():
                found.append(f"{destination.name}: {outcome}")
    return found
