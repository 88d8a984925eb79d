"""twine's own command, under the interpreter that runs this and with its libraries; it has the credentials."""

import re
from dataclasses import dataclass
from pathlib import Path

from release.transport.address import without_login
from release.transport.http import UnansweredError
from release.transport.patience import Patience
from release.transport.programs import PYTHON_VARIABLES, Run, python
from viberun.errors import ViberunError

_STATUS = re.compile(r"HTTPError: ([0-9]{3}) ")
_PASSING = re.compile("408|409|429|5..")
_THERE = re.compile("already exists", re.IGNORECASE)
_START_SECONDS = 15.0
_SLOWEST = 64 * 1024  # bytes a second, below which an upload is given up


class TwineUploadError(ViberunError):
    """twine did not upload, and would not another time."""


@dataclass(frozen=True)
class Twine:
    run: Run
    patience: Patience

    def upload(self, wheel: Path, *, attestation: bool = False) -> None:
        """Uploads it, with the attestation that lies beside it or without.

        Raises TwineUploadError when refused, UnansweredError where only the index can tell what has happened.
        """
        attestations = [str(each) for each in wheel.parent.glob("*.attestation")] if attestation else []
        options = ["--non-interactive", "--disable-progress-bar", *(["--attestations"] if attestations else [])]
        files = [str(wheel), *attestations]
        seconds = _START_SECONDS + self.patience.silence + wheel.stat().st_size / _SLOWEST
        ended = self.run(python("twine", "upload", *options, *files), PYTHON_VARIABLES, wheel.parent, seconds)
        if ended.status == 0:
            return
        if ended.status is None:
            raise UnansweredError(f"twine upload {wheel.name}: no answer in time", remedy="run the same command again")
        text = without_login(f"twine upload {wheel.name}: {ended.last_words}")
        status = _STATUS.search(ended.out + ended.err)
        if status is None or _PASSING.fullmatch(status[1]) or _THERE.search(ended.out + ended.err):
            raise UnansweredError(text, remedy="run the same command again")
        remedy = "see that these credentials may upload this project" if status[1] in ("401", "403") else None
        raise TwineUploadError(text, remedy=remedy)
