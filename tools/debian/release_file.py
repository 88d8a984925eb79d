"""Verifies a suite's `InRelease`: who signed it, until when it holds; reads the sha256 of each index.

See DebianRepository/Format in Debian's wiki. Only the text that gpgv hands back as signed is ever read.
"""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

from tools.debian.errors import DebianError
from tools.debian.process import ABSENT, Run
from tools.debian.suite import Archive

_BEGIN = b"-----BEGIN PGP SIGNED MESSAGE-----\n"


@dataclass(frozen=True)
class ReleaseFile:
    """`hashes` maps the path of an index below `dists/<suite>/` to its sha256."""

    date: datetime
    hashes: Mapping[str, str]


def verify(content: bytes, archive: Archive, suite: str, run: Run, *, now: datetime | None) -> ReleaseFile:
    """Reads the release file in `content`, whose Valid-Until is compared with `now` unless that is None.

    Raises DebianError unless one of the archive's keys signed it, it is that of this suite, and it has not expired.
    """
    fields = _fields(_signed_text(content, archive, suite, run))
    if fields.get("Codename") != suite:
        raise DebianError(f"what the mirror has as release file of {suite} is that of {fields.get('Codename')}")
    until = fields.get("Valid-Until")
    if now and until and parsedate_to_datetime(until) < now:
        raise DebianError(
            f"the release file of {suite} was valid until {until}",
            remedy="name a mirror that is up to date in DEBIAN_MIRROR, or accept this one's lag in apt's configuration:"
            ' Acquire::Check-Valid-Until "false";',
        )
    rows = (line.split() for line in fields["SHA256"].splitlines())
    return ReleaseFile(
        parsedate_to_datetime(fields["Date"]).astimezone(UTC), {row[2]: row[0] for row in rows if len(row) == 3}
    )


def _signed_text(content: bytes, archive: Archive, suite: str, run: Run) -> str:
    # One signed text and nothing around it, lest something unsigned be read as if it were.
    status, text, complaints = set[str](), "", "it is no signed text"
    if content.startswith(_BEGIN) and content.count(_BEGIN) == 1:
        status, text, complaints = _gpgv(content, archive, run)
    # gpgv's exit status does not tell: of several signatures, one by a key that is not pinned makes it 2.
    if "GOODSIG" not in status or "BADSIG" in status:
        raise DebianError(f"no pinned key of {archive.name} has signed what the mirror has for {suite}: {complaints}")
    return text


def _gpgv(content: bytes, archive: Archive, run: Run) -> tuple[set[str], str, str]:
    """Returns what gpgv says of the signatures, as status keywords (GnuPG's doc/DETAILS); the signed text; its messages."""
    with tempfile.TemporaryDirectory() as folder:
        signed, text = Path(folder, "InRelease"), Path(folder, "text")
        signed.write_bytes(content)
        keyrings = [argument for key in archive.keys for argument in ("--keyring", str(key.resolve()))]
        result = run(["gpgv", "--status-fd", "1", *keyrings, "--output", str(text), str(signed)])
        if result.returncode == ABSENT:
            raise DebianError("gpgv, which checks Debian's signature, is missing", remedy="apt-get install gpgv")
        words = (line.split() for line in result.stdout.decode().splitlines() if line.startswith("[GNUPG:] "))
        signed_text = text.read_text("utf-8") if text.exists() else ""
        return {word[1] for word in words}, signed_text, result.stderr.decode().strip()


def _fields(text: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    name = ""
    for line in text.splitlines():
        if line.startswith(" "):
            fields[name] += f"\n{line}"
        else:
            name, _, value = line.partition(":")
            fields[name] = value.strip()
    return fields
