"""A suite's `InRelease`: who signed it, until when it holds, and the sha256 of each index (repository format of Debian).

Only the text that gpgv hands back as signed is ever read.
"""

import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

from tools.debian.errors import DebianError
from tools.debian.process import Run
from tools.debian.suite import Archive


@dataclass(frozen=True)
class ReleaseFile:
    """`hashes` maps the path of an index below `dists/<suite>/` to its sha256."""

    date: datetime
    hashes: dict[str, str]


def verify(content: bytes, archive: Archive, suite: str, run: Run, *, now: datetime | None) -> ReleaseFile:
    """The release file in `content`. `now` is None where apt is told not to look at Valid-Until.

    Raises DebianError unless a key of the archive signed it, it is this suite's, and it has not expired.
    """
    fields = _fields(_signed_text(content, archive, suite, run))
    if fields.get("Codename") != suite:
        raise DebianError(f"the release file of {suite} is signed, but is that of {fields.get('Codename')}")
    until = fields.get("Valid-Until")
    if now and until and parsedate_to_datetime(until) < now:
        raise DebianError(
            f"the release file of {suite} was valid until {until}",
            remedy="use a mirror that is up to date (DEBIAN_MIRROR), or tell apt that this one lags: Acquire::Check-Valid-Until \"false\";",
        )
    rows = (line.split() for line in fields["SHA256"].splitlines())
    hashes = {row[2]: row[0] for row in rows if len(row) == 3}
    return ReleaseFile(parsedate_to_datetime(fields["Date"]).astimezone(UTC), hashes)


def _signed_text(content: bytes, archive: Archive, suite: str, run: Run) -> str:
    with tempfile.TemporaryDirectory() as folder:
        signed, text = Path(folder, "InRelease"), Path(folder, "text")
        signed.write_bytes(content)
        keyrings = [argument for key in archive.keys for argument in ("--keyring", str(key.resolve()))]
        result = run(["gpgv", "--status-fd", "1", *keyrings, "--output", str(text), str(signed)])
        if result.returncode == 127:
            raise DebianError("gpgv is missing, and Debian's signature has to be checked", remedy="apt-get install gpgv")
        # The exit status is no guide: a release is signed by several keys, and one unknown key makes it 2.
        status = {line.split()[1] for line in result.stdout.decode().splitlines() if line.startswith("[GNUPG:] ")}
        if "VALIDSIG" not in status or "BADSIG" in status or not text.exists():
            raise DebianError(f"the release file of {suite} bears no good signature of Debian's keys:\n{result.stderr.decode().rstrip()}")
        return text.read_text("utf-8")


def _fields(text: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    name = ""
    for line in text.splitlines():
        if line.startswith(" "):
            fields[name] += "\n" + line
        else:
            name, _, value = line.partition(":")
            fields[name] = value.strip()
    return fields
