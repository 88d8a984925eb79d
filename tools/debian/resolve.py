"""Resolves requests to packages: the closure over Depends and Pre-Depends, layer by layer. No Recommends.

Conflicts are not looked at: a set that dpkg would refuse shows in the images' own tests.
"""

from collections import deque
from collections.abc import Iterable

from tools.debian.errors import LockError
from tools.debian.index import Index
from tools.debian.relation import Clause
from tools.debian.request import Request


def resolve(request: Request, index: Index) -> dict[str, tuple[str, ...]]:
    """Returns the names of each set's packages, sorted; a package is in the first layer that needs it.

    Raises LockError naming every package that is not there and every dependency that nothing satisfies.
    """
    selection = _Selection(request, index)
    sets = {}
    for layer in request.layers:
        before = set(selection.names)
        selection.add(layer.packages)
        sets[layer.set_name] = tuple(sorted(selection.names - before))
    if selection.problems:
        raise LockError(request.path, selection.problems)
    return sets


def dependencies(name: str, index: Index, selected: Iterable[str]) -> tuple[str, ...]:
    """Of the selected packages those that `name` depends on, sorted: per clause the first that satisfies it."""
    chosen = set(selected)
    found = set()
    for clause in index[name].clauses:
        found.update([c for wanted in clause for c in index.candidates(wanted) if c in chosen][:1])
    return tuple(sorted(found - {name}))


class _Selection:
    """Grows by whole layers. Where several packages would do, what is certain is taken first."""

    def __init__(self, request: Request, index: Index) -> None:
        self.names: set[str] = set()
        self.problems: list[str] = []
        self._request = request
        self._index = index

    def add(self, wanted: Iterable[str]) -> None:
        """Takes the packages and, unless the request is complete as it stands, what they depend on."""
        taken: deque[str] = deque()
        choices: deque[list[str]] = deque()
        for name in wanted:
            if name not in self._index:
                self.problems.append(f"{name}: no such package")
            else:
                self._take(name, taken)
        while taken or choices:
            if taken:
                name = taken.popleft()
                for clause in self._index[name].clauses if self._request.closure else ():
                    self._follow(name, clause, taken, choices)
            else:
                candidates = choices.popleft()
                if not self.names.intersection(candidates):
                    self._take(self._preferred(candidates), taken)

    def _follow(self, name: str, clause: Clause, taken: deque[str], choices: deque[list[str]]) -> None:
        allowed = [wanted for wanted in clause if wanted.name not in self._request.exclude]
        candidates = list(
            dict.fromkeys(
                c for wanted in allowed for c in self._index.candidates(wanted) if c not in self._request.exclude
            )
        )
        if not allowed or self.names.intersection(candidates):
            return
        if not candidates:
            self.problems.append(f"{name}: nothing satisfies {' | '.join(map(str, clause))}")
        elif len(candidates) == 1:
            self._take(candidates[0], taken)
        else:
            choices.append(candidates)

    def _preferred(self, candidates: list[str]) -> str:
        return next((name for name in self._request.prefer if name in candidates), candidates[0])

    def _take(self, name: str, taken: deque[str]) -> None:
        if name not in self.names:
            self.names.add(name)
            taken.append(name)
