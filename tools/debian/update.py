"""`bazel run //tools/debian:update`: renews the lock of Debian's packages.

Where the pinned interpreter itself is among what no mirror has any more, Bazel can't start this.
`python3 -m tools.debian.update` in the workspace can, with any Python from 3.11 on: that is why
this package uses the standard library alone.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tools.debian import archive, changes, mirror, process, renewal, request, review, suite
from tools.debian.errors import LockError
from tools.debian.files import Files
from tools.debian.ledger import Ledger
from tools.debian.lock import Lock
from tools.debian.mirror import Mirrors
from tools.debian.process import Run
from tools.debian.request import Request
from tools.debian.review import Terminal
from tools.debian.suite import Suite
from viberun.errors import UsageError, ViberunError


@dataclass(frozen=True)
class Options:
    """The command line. `decide` is by digest, or by its beginning."""

    check: bool = False
    pending: bool = False
    decide: tuple[tuple[str, str], ...] = ()
    scripts: Path | None = None


def main(argv: list[str]) -> int:
    """Runs the program; see --help."""
    files = Files(Path(os.environ.get("BUILD_WORKSPACE_DIRECTORY", ".")))
    try:
        options = _options(argv, Path(os.environ.get("BUILD_WORKING_DIRECTORY", ".")))
        wanted = suite.read(files.suite)
        requests = [request.read(files.workspace, path) for path in wanted.requests]
        if options.check:
            require_current(files, requests)
        else:
            now = datetime.now(UTC)
            names = [part.name for part in wanted.archives]
            roots = mirror.configured(names, os.environ, process.run, now)
            mirrors = Mirrors(roots, mirror.fetch_with_retries)
            terminal = review.terminal(sys.stdin, sys.stderr)
            renew(files, wanted, requests, options, mirrors, process.run, now, terminal)
    except ViberunError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def require_current(files: Files, requests: Sequence[Request]) -> None:
    """Raises LockError unless the lock answers the requests as they are and every script is decided about.

    Asks no mirror.
    """
    current = files.read_lock()
    answered = current.requests if current else {}
    wanted = {r.path: r.checksum for r in requests}
    if current is None or answered != wanted:
        differing = [p for p in sorted({*answered, *wanted}) if answered.get(p) != wanted.get(p)]
        raise LockError(
            "the Debian lock is stale",
            [f"{path} has changed since" for path in differing],
            remedy="renew it: bazel run //tools/debian:update",
        )
    review.refuse_undecided(files.read_ledger().with_scripts_of(current))


def renew(
    files: Files,
    wanted: Suite,
    requests: Sequence[Request],
    options: Options,
    mirrors: Mirrors,
    run: Run,
    now: datetime,
    terminal: Terminal | None,
) -> None:
    """Brings lock and ledger up to what the mirrors have now, and prints what changes.

    Without a terminal, a script that nobody has decided about leaves the lock as it was and raises
    LockError, unless `options.pending`. Decisions are kept in any case.
    """
    old, decisions = files.read_lock(), files.read_ledger()
    new = _newest(wanted, requests, mirrors, run, now)
    decided = decisions.scripts.keys() - decisions.undecided().keys()
    new, texts = renewal.with_scripts(new, old, requests, decided, mirrors, _say)
    if old and (old.requests, old.packages) == (new.requests, new.packages):
        new = old

    decisions = decisions.with_scripts_of(new).decide(options.decide)
    if options.scripts:
        review.write_scripts(options.scripts, decisions.undecided(), texts)
    if terminal and not options.pending:
        decisions = review.ask(decisions, texts, terminal)
    if decisions.undecided() and not options.pending:
        files.write_ledger(decisions.only_decided())
        review.refuse_undecided(decisions)

    # In this order a crash in between leaves a ledger with too much, which is harmless.
    files.write_ledger(decisions)
    files.write_lock(new)
    files.write_ledger(decisions.without_scripts_gone_from(new))
    _report(old, new, decisions)


def _newest(wanted: Suite, requests: Sequence[Request], mirrors: Mirrors, run: Run, now: datetime) -> Lock:
    expiry = now if mirror.checks_valid_until(run) else None
    releases = archive.release_files(wanted, mirrors, run, now=expiry)
    indexes = {}
    for architecture in wanted.architectures:
        _say(f"reading what there is for {architecture}")
        indexes[architecture] = archive.read_index(wanted, architecture, releases, mirrors)
    return renewal.lock_of(wanted, requests, releases, indexes)


def _report(old: Lock | None, new: Lock, decisions: Ledger) -> None:
    lines = changes.describe(old, new)
    print("\n".join(lines) if lines else f"nothing changed: the lock has the newest of {new.codename}")
    for line in decisions.lines(decisions.undecided()):
        print(f"? {line}: to be decided in the ledger")


def _say(text: str) -> None:
    print(text, file=sys.stderr)


def _options(argv: Sequence[str], folder: Path) -> Options:
    """Paths are relative to `folder`. Raises UsageError for a decision without a digest."""
    parser = argparse.ArgumentParser(
        prog="bazel run //tools/debian:update --",
        description="Renews tools/debian/trixie.lock.json from the newest that Debian's mirrors have.",
    )
    parser.add_argument("--check", action="store_true", help="only say, without a mirror, whether the lock is stale")
    parser.add_argument(
        "--decide",
        action="append",
        default=[],
        metavar="DIGEST=DECISION",
        help="what becomes of a maintainer script: 'ignored because …' or 'reproduced by …'",
    )
    parser.add_argument(
        "--pending",
        action="store_true",
        help="renew also where scripts wait for a decision; the build refuses until the ledger has it",
    )
    parser.add_argument("--scripts", type=Path, metavar="FOLDER", help="put the scripts that wait here, for reading")
    parsed = parser.parse_args(argv)
    decide = [text.partition("=") for text in parsed.decide]
    if not all(equals for _, equals, _ in decide):
        raise UsageError("--decide takes DIGEST=DECISION")
    return Options(
        parsed.check,
        parsed.pending,
        tuple((digest, decision) for digest, _, decision in decide),
        folder / parsed.scripts if parsed.scripts else None,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
