"""Says who signed a build, for people and for programs."""

from __future__ import annotations

import re
from dataclasses import dataclass

from viberun.client.download.resolver import Resolved
from viberun.client.download.trust import reason_without


@dataclass(frozen=True)
class Signed:
    """`by` is the repository whose release workflow signed, `run` the address of that run, `at` in ISO 8601."""

    by: str
    commit: str
    committed: str
    at: str
    run: str
    log_index: int

    @classmethod
    def of(cls, found: Resolved) -> Signed | None:
        """None where nobody did."""
        signer, build = found.signer, found.manifest.build
        if signer is None:
            return None
        at = f"{signer.time:%Y-%m-%dT%H:%M:%SZ}"
        return cls(signer.repository, build.commit, build.committed, at, signer.run, signer.log_index)

    def __str__(self) -> str:
        run = re.search("/runs/([0-9]+)", self.run)
        number = f", run {run[1]}" if run else ""
        return f"signed by {self.by}'s release workflow{number}, on {self.at[:10]} (its commit is of {self.committed[:10]})"


def not_signed(found: Resolved) -> str | None:
    """Why nobody had to sign a build; None where somebody did."""
    return None if found.signer else f"not signed: {reason_without(found.place.base)}"
