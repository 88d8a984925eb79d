"""Packs one executable as a `.tar.gz` that anybody's tar unpacks into that one file.

The executables are compressed inside already, so the fastest level loses nothing worth the time.
"""

from pathlib import Path
from typing import Any

from tools.archive import gzip, tar

_LEVEL = 1


def pack(executable: Path, name: str, tarball: Path) -> None:
    """Writes `tarball` with `executable` as its only member, called `name`, mode 755."""
    entry = tar.Entry(name, mode=0o755, data=executable.read_bytes())
    with open(tarball, "wb") as out, gzip.Writer(out, _LEVEL) as compressed:
        tar.write([entry], compressed)


def main(request: dict[str, Any]) -> None:
    pack(Path(request["executable"]), request["name"], Path(request["tarball"]))
