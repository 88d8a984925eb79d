"""Keeps the ledger: what becomes of each maintainer script, none of which an image runs.

    {
    "format": 1,
    "scripts": {
    "<sha256>": {"package": "bash", "script": "postinst", "decision": "ignored because …"}
    }
    }

by package and script, one script on one line; digests are those of `package_file.digest`. A script
that several packages have stands here once, under the first of them. An empty decision is one that is still to be made.
"""

import json
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field, replace

from tools.debian.errors import LockError
from tools.debian.lock import Lock

_FORMAT = 1
_NAME = "tools/debian/ledger.json"
_KINDS = ("ignored because ", "reproduced by ")


@dataclass(frozen=True)
class Entry:
    """One script, as first seen."""

    package: str
    script: str
    decision: str = ""


@dataclass(frozen=True)
class Ledger:
    """Entries by the script's sha256."""

    scripts: Mapping[str, Entry] = field(default_factory=dict)

    def undecided(self) -> dict[str, Entry]:
        """Returns the entries that wait for a decision."""
        return {digest: entry for digest, entry in self.scripts.items() if not entry.decision}

    def only_decided(self) -> "Ledger":
        """Without those."""
        return self._only(self.scripts.keys() - self.undecided().keys())

    def with_scripts_of(self, lock: Lock) -> "Ledger":
        """Adds every script of the lock that is not here yet, undecided."""
        added: dict[str, Entry] = {}
        for package in lock.packages:
            for script, digest in (package.scripts or {}).items():
                added.setdefault(digest, Entry(package.package, script))
        return Ledger({**added, **self.scripts})

    def without_scripts_gone_from(self, lock: Lock) -> "Ledger":
        """Drops what no package of the lock has any more."""
        return self._only({d for p in lock.packages for d in (p.scripts or {}).values()})

    def decide(self, decisions: Iterable[tuple[str, str]]) -> "Ledger":
        """Enters decisions, each for a digest or the beginning of one.

        Raises LockError naming every digest that is not one script's and every text that is no
        decision.
        """
        problems = []
        decided = dict(self.scripts)
        for beginning, text in decisions:
            found = [digest for digest in self.scripts if digest.startswith(beginning)]
            if len(found) != 1:
                problems.append(f"{beginning}: {len(found)} scripts have such a digest")
            elif not is_decision(text):
                problems.append(f"{beginning}: a decision begins with one of {_KINDS}: {text!r}")
            else:
                decided[found[0]] = replace(decided[found[0]], decision=text)
        if problems:
            raise LockError(_NAME, problems)
        return Ledger(decided)

    def to_json(self) -> str:
        """Returns the file's text."""
        lines = ",\n".join(
            f"{json.dumps(digest)}: {json.dumps(vars(entry), ensure_ascii=False)}" for digest, entry in self._ordered()
        )
        return f'{{\n"format": {_FORMAT},\n"scripts": {{\n{lines}\n}}\n}}\n'

    def lines(self, digests: Container[str]) -> list[str]:
        """Returns a line for each of these scripts, for people."""
        return [f"{d} {e.package} {e.script}" for d, e in self._ordered() if d in digests]

    def _ordered(self) -> list[tuple[str, Entry]]:
        return sorted(self.scripts.items(), key=lambda i: (i[1].package, i[1].script, i[0]))

    def _only(self, digests: Container[str]) -> "Ledger":
        return Ledger({digest: e for digest, e in self.scripts.items() if digest in digests})


def is_decision(text: str) -> bool:
    """Whether it says what becomes of the script, and why or where."""
    return any(text.startswith(kind) and text.removeprefix(kind).strip() for kind in _KINDS)


def parse(text: str) -> Ledger:
    """Reads what `to_json` wrote, as edited by hand. Raises LockError."""
    try:
        document = json.loads(text)
        if document["format"] != _FORMAT:
            raise LockError(_NAME, [f"format {document['format']}, this program knows {_FORMAT}"])
        found = Ledger({digest: Entry(**entry) for digest, entry in document["scripts"].items()})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise LockError(_NAME, [f"cannot be read: {error!r}"]) from error
    return found.decide((d, e.decision) for d, e in found.scripts.items() if e.decision)
