"""Asks somebody to decide what becomes of maintainer scripts that nobody has looked at yet."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from tools.debian.errors import LockError
from tools.debian.ledger import Entry, Ledger, is_decision


@dataclass(frozen=True)
class Terminal:
    """Where somebody can be asked."""

    answers: TextIO
    questions: TextIO


def terminal(answers: TextIO, questions: TextIO) -> Terminal | None:
    """Returns the two as a terminal, if they are one."""
    return Terminal(answers, questions) if answers.isatty() and questions.isatty() else None


def ask(ledger: Ledger, texts: Mapping[str, bytes], person: Terminal) -> Ledger:
    """Shows each undecided script and takes a decision for it.

    An empty answer takes over the decision that stands in the ledger for another version of that
    script. When the answers end, or at Ctrl-C, what has been decided so far comes back.
    """
    earlier = {(e.package, e.script): e.decision for e in ledger.scripts.values() if e.decision}
    waiting = ledger.undecided()
    try:
        for number, (digest, entry) in enumerate(waiting.items(), 1):
            person.questions.write(
                f"\n----- {number} of {len(waiting)}: {entry.script} of {entry.package}, {digest}\n"
                f"{texts[digest].decode(errors='replace')}\n"
            )
            proposal = earlier.get((entry.package, entry.script), "")
            ledger = ledger.decide([(digest, _decision(proposal, person))])
    except (EOFError, KeyboardInterrupt):
        person.questions.write("\n")
    return ledger


def _decision(proposal: str, person: Terminal) -> str:
    shown = f" [{proposal}]" if proposal else ""
    while True:
        person.questions.write(f"'ignored because …' or 'reproduced by …'{shown}: ")
        person.questions.flush()
        answer = person.answers.readline()
        if not answer:
            raise EOFError
        if is_decision(answer.strip() or proposal):
            return answer.strip() or proposal


def refuse_undecided(ledger: Ledger) -> None:
    """Raises LockError that names every script that waits, and the ways to decide."""
    waiting = ledger.lines(ledger.undecided())
    if waiting:
        raise LockError(
            "maintainer scripts that nobody has decided about",
            waiting,
            remedy="`bazel run //tools/debian:update -- --scripts FOLDER` lets you read them; decide"
            " by running it on a terminal, with --decide DIGEST='ignored because …' or"
            " --decide DIGEST='reproduced by …' for each, or with --pending and an editor on"
            " tools/debian/ledger.json",
        )


def write_scripts(folder: Path, waiting: Mapping[str, Entry], texts: Mapping[str, bytes]) -> None:
    """Puts each waiting script into the folder, as `<package>.<script>.<beginning of digest>`."""
    folder.mkdir(parents=True, exist_ok=True)
    for digest, entry in waiting.items():
        (folder / f"{entry.package}.{entry.script}.{digest[:12]}").write_bytes(texts[digest])
