"""What GitHub's reads show of the past: each kind may be some seconds behind what was written."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

from tests.release.github.state import Repository

Reads = Literal["assets", "releases", "release", "latest", "ref"]
"""A release's assets, the list of releases with its drafts, one release by its tag, the latest one, a ref."""
KINDS: tuple[Reads, ...] = get_args(Reads)

_OF: Mapping[Reads, str] = {
    "assets": "assets",
    "releases": "releases",
    "release": "releases",
    "latest": "releases",
    "ref": "refs",
}


class Lag:
    """`seconds` by kind of read, none where one is not named. What a test changes in the repository itself is seen at once."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.seconds = dict[Reads, float]()
        self._clock = clock
        self._before = list[tuple[datetime, Mapping[str, Any]]]()

    @contextmanager
    def writing(self, repository: Repository) -> Iterator[None]:
        """Keeps what the repository was when the block began."""
        with repository.step():
            past = {name: dict(getattr(repository, name)) for name in set(_OF.values())}
        yield
        self._before.append((self._clock(), past))

    def seen(self, repository: Repository, kind: Reads | None) -> Repository:
        """Returns the repository as such a read shows it."""
        if not kind or not (seconds := self.seconds.get(kind, 0)):
            return repository
        until = self._clock() - timedelta(seconds=seconds)
        past = next((past for when, past in self._before if when > until), None)
        return replace(repository, **{_OF[kind]: past[_OF[kind]]}) if past else repository
