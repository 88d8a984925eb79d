"""Attestations of PEP 740: who built the wheel, signed with the identity of the job in Actions, in files beside the wheel.

Only where the upload is by trusted publishing: an index takes none with a password.
"""

from collections.abc import Callable
from pathlib import Path

from release.transport.http import Http
from release.transport.programs import PYTHON_VARIABLES, Run, python

_SECONDS = 120.0


def sign(http: Http, run: Run, wheel: Path, note: Callable[[str], None]) -> str:
    """Signs, with patience; returns why there is no attestation, or nothing. They can't be added afterwards."""
    said = ""

    def signed() -> bool:
        nonlocal said
        ended = run(python("pypi_attestations", "sign", str(wheel)), PYTHON_VARIABLES, wheel.parent, _SECONDS)
        said = "" if ended.status == 0 else f"signing failed: {ended.last_words or 'no answer in time'}"
        return not said

    http.wait_until(signed, lambda _: note("waits for the service that signs attestations"))
    return said
