"""Reads the maintainer scripts in the control archive of a .deb (deb(5): an `ar` archive holding `control.tar.*`)."""

import hashlib
import io
import re
import tarfile

from tools.debian.errors import DebianError

_DEBHELPER = re.compile(rb"^(# (?:Automatically|Triggers) added by dh_\w+)/\S+$", re.MULTILINE)
SCRIPTS = ("preinst", "postinst", "prerm", "postrm", "config", "triggers")
_MAGIC = b"!<arch>\n"
_HEADER_SIZE = 60


def scripts(content: bytes) -> dict[str, bytes]:
    """Returns what dpkg would run or be triggered by, by name. Raises DebianError on what is no .deb."""
    try:
        with tarfile.open(fileobj=io.BytesIO(_control(content))) as control:
            files = {member.name.removeprefix("./"): member for member in control if member.isfile()}
            readers = {name: control.extractfile(files[name]) for name in SCRIPTS if name in files}
            return {name: reader.read() for name, reader in readers.items() if reader}
    except (ValueError, tarfile.TarError) as error:
        raise DebianError(f"not a Debian package: {error}") from error


def digest(script: bytes) -> str:
    """Returns the sha256 that a script is known by: without the version of debhelper in the comments that it adds.

    So scripts that differ in nothing else are one, and a rebuilt package is no question.
    """
    return hashlib.sha256(_DEBHELPER.sub(rb"\1", script)).hexdigest()


def _control(content: bytes) -> bytes:
    if not content.startswith(_MAGIC):
        raise ValueError("no ar archive")
    offset = len(_MAGIC)
    while offset < len(content):
        header = content[offset : offset + _HEADER_SIZE]
        offset += _HEADER_SIZE
        size = int(header[48:58])
        if header[:16].startswith(b"control.tar"):
            return content[offset : offset + size]
        offset += size + size % 2
    raise ValueError("no control archive")
