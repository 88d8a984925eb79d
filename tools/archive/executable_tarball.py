"""Packs one executable as a `.tar.gz` that anybody's tar unpacks into that one file.

The executables are compressed inside already, so the fastest level loses nothing worth the time.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.archive import gzip, tar

_LEVEL = 1


def pack(executable: Path, name: str, tarball: Path) -> None:
    """Writes `tarball` with `executable` as its only member, called `name`, mode 755."""
    entry = tar.Entry(name, mode=0o755, data=executable.read_bytes())
    with open(tarball, "wb") as out, gzip.Writer(out, _LEVEL) as compressed:
        tar.write([entry], compressed)


def main(argv: Sequence[str]) -> int:
    manifest = json.loads(Path(argv[0]).read_text())
    pack(Path(manifest["executable"]), manifest["name"], Path(manifest["tarball"]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
