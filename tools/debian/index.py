"""Reads `Packages` indexes: the newest version of every package that the archive offers."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from tools.debian import relation
from tools.debian.relation import Clause, Relation
from tools.debian.version import sort_key

_SCANNED = re.compile(r"^(Package|Version|Provides): (.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Package:
    """A binary package as an index describes it."""

    name: str
    version: str
    provides: str
    archive: str
    stanza: str

    @cached_property
    def fields(self) -> dict[str, str]:
        """The stanza's fields (deb822); only the first line of those with several, which nothing here reads."""
        lines = (line.partition(":") for line in self.stanza.splitlines() if not line.startswith((" ", "\t")))
        return {name: value.strip() for name, _, value in lines}

    @cached_property
    def clauses(self) -> tuple[Clause, ...]:
        """What has to be there too: Pre-Depends, then Depends."""
        return relation.parse(self.fields.get("Pre-Depends", "")) + relation.parse(self.fields.get("Depends", ""))


class Index:
    """The newest version of each package of one architecture, out of several suites."""

    def __init__(self, packages: Iterable[Package]) -> None:
        self._newest: dict[str, Package] = {}
        for package in packages:
            known = self._newest.get(package.name)
            if known is None or sort_key(package.version) > sort_key(known.version):
                self._newest[package.name] = package
        self._providers: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for package in self._newest.values():
            for clause in relation.parse(package.provides) if package.provides else ():
                self._providers[clause[0].name].append((package.name, clause[0].version))

    def __contains__(self, name: str) -> bool:
        return name in self._newest

    def __getitem__(self, name: str) -> Package:
        return self._newest[name]

    def candidates(self, wanted: Relation) -> list[str]:
        """Names of packages that satisfy the relation: the one of that name first, then those that provide it."""
        own = self._newest.get(wanted.name)
        names = [wanted.name] if own and wanted.accepts(own.version) else []
        provided = sorted(name for name, version in self._providers.get(wanted.name, ()) if wanted.accepts(version))
        return [*names, *(name for name in provided if name not in names)]


def read(text: str, archive: str) -> Iterator[Package]:
    """Yields the packages of one `Packages` file."""
    for stanza in text.split("\n\n"):
        found = dict(_SCANNED.findall(stanza))
        if found:
            yield Package(found["Package"], found["Version"], found.get("Provides", ""), archive, stanza)
