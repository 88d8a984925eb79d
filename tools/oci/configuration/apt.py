"""Points the image's own apt at Debian's snapshot archive, at the moment that the lock stands for.

So what someone installs later fits what is there, and no mirror is written into the image. A host that wants its own mirror
puts another file in the place of this one.
"""

import re

from tools.archive.tar import Entry
from tools.oci.model.installed import Installed

_SNAPSHOT = "https://snapshot.debian.org/archive"
_ARCHIVES = {"debian": "{codename} {codename}-updates", "debian-security": "{codename}-security"}
_SOURCE = """\
Types: deb
URIs: {address}
Suites: {suites}
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
Check-Valid-Until: no
"""


def files(installed: Installed, codename: str, snapshot: str) -> list[Entry]:
    """apt's sources; nothing without apt. `snapshot` is the archive's name for the moment (20260125T123045Z).

    Raises:
        ValueError: `snapshot` is no such name.
    """
    if not installed.has("apt"):
        return []
    if not re.fullmatch(r"\d{8}T\d{6}Z", snapshot):
        raise ValueError(f"{snapshot} is no moment of the snapshot archive")
    sources = [
        _SOURCE.format(address=f"{_SNAPSHOT}/{archive}/{snapshot}", suites=suites.format(codename=codename))
        for archive, suites in _ARCHIVES.items()
    ]
    return [Entry("etc/apt/sources.list.d/debian.sources", data="\n".join(sources).encode())]
