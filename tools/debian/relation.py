"""Parses relations between packages: Depends, Pre-Depends and Provides (Debian Policy 7.1)."""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass

from tools.debian.version import SortKey, sort_key

_RELATION = re.compile(r"\s*([a-z0-9][a-z0-9+.-]+)(?::[a-z0-9-]+)?\s*(?:\(\s*(<<|<=|=|>=|>>)\s*([^)\s]+)\s*\))?\s*")
_OPERATORS: dict[str, Callable[[SortKey, SortKey], bool]] = {
    "<<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    ">=": operator.ge,
    ">>": operator.gt,
}


@dataclass(frozen=True)
class Relation:
    """One alternative: a name, perhaps with a bound on its version."""

    name: str
    operator: str = ""
    version: str = ""

    def __str__(self) -> str:
        return f"{self.name} ({self.operator} {self.version})" if self.operator else self.name

    def accepts(self, version: str) -> bool:
        """Whether `version` is within the bound; an unversioned Provides ("") meets an unversioned relation only."""
        if not self.operator:
            return True
        return bool(version) and _OPERATORS[self.operator](sort_key(version), sort_key(self.version))


Clause = tuple[Relation, ...]
"""Alternatives, the preferred one first."""


def parse(field: str) -> tuple[Clause, ...]:
    """Returns the clauses of a relationship field. Raises ValueError on what is no relation."""
    return tuple(tuple(map(_relation, clause.split("|"))) for clause in field.split(",") if clause.strip())


def _relation(text: str) -> Relation:
    match = _RELATION.fullmatch(text)
    if not match:
        raise ValueError(f"not a package relation: {text.strip()!r}")
    name, bound, version = match.groups(default="")
    return Relation(name, bound, version)
