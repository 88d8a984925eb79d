"""Attestations of PEP 740: who built the wheel, signed with the identity of the job in Actions, in files beside the wheel."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from release.destinations.pypi.settings import Settings
from release.destinations.pypi.twine import VARIABLES, python
from release.transport.http import Http
from release.transport.programs import Run

_SECONDS = 120.0


@dataclass(frozen=True)
class Attestations:
    """Only in Actions, and only where twine uploads by trusted publishing: an index takes none with a password."""

    http: Http
    run: Run
    wanted: bool

    @staticmethod
    def of(http: Http, run: Run, environ: Mapping[str, str], settings: Settings) -> "Attestations":
        able = bool(environ.get("GITHUB_ACTIONS") and environ.get("ACTIONS_ID_TOKEN_REQUEST_URL"))
        return Attestations(http, run, able and settings.uses_trust())

    def sign(self, wheel: Path, note: Callable[[str], None]) -> str:
        """Signs, with patience; returns why there is no attestation, or nothing. They can't be added afterwards."""
        if not self.wanted:
            return ""

        said = ""

        def signed() -> bool:
            nonlocal said
            ended = self.run(python("pypi_attestations", "sign", str(wheel)), VARIABLES, wheel.parent, _SECONDS)
            said = "" if ended.status == 0 else ended.last_words or "no answer in time"
            return not said

        self.http.wait_until(signed, lambda _: note("waits for the service that signs attestations"))
        return said
