"""Who may move something next: two runs take turns in a given order, request by request, from a claim on."""

import re
import threading
from collections.abc import Sequence

from tests.release.servers.gate import Asked, Fault, Policy

_LONGEST = 60.0
_UNSEEN = re.compile(r"/blobs/|/manifests/sha256[:-]|/attestations")
"""What brings a signature to the images and to GitHub's store, which moves nothing that readers go by."""


class Turns:
    """`order` has a letter for each turn. A run that has ended loses its turns; when the order is used up, all are free.

    `taken` is what came of it: the letters of the runs that made a change, in their order.
    """

    def __init__(self, order: Sequence[str]) -> None:
        self._order = list(order)
        self._changed = threading.Condition()
        self._claiming: set[str] = set()
        self._ended: set[str] = set()
        self._busy = False
        self.taken: list[str] = []

    def policy(self, run: str) -> Policy:
        """For the gates of a run."""

        def decide(change: Asked) -> Fault | None:
            if run not in self._claiming:
                if "/git/refs" not in change.path:
                    return None
                self._claiming.add(run)
            if _UNSEEN.search(change.path):
                return None
            return Fault(before=lambda: self._begin(run), after=lambda: self._end(run))

        return decide

    def ended(self, run: str) -> None:
        """The run makes no more requests."""
        with self._changed:
            self._ended.add(run)
            self._changed.notify_all()

    def _begin(self, run: str) -> None:
        with self._changed:
            if not self._changed.wait_for(lambda: not self._busy and self._next() in (None, run), _LONGEST):
                raise AssertionError(f"{run} has waited too long, and it is the turn of {self._next()}")
            self._busy = True
            if run in self._order:
                self._order.remove(run)
            self.taken.append(run)

    def _end(self, run: str) -> None:
        with self._changed:
            self._busy = False
            self._changed.notify_all()

    def _next(self) -> str | None:
        """Whose turn it is; None: anybody's."""
        return next((run for run in self._order if run not in self._ended), None)
