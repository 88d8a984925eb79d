"""Reads and writes the zip that a PEX is, so that its bytes depend on nothing but the members."""

import zipfile
from collections.abc import Mapping
from pathlib import Path

SHEBANG = b"#!/usr/bin/env python3\n"

# What only PEX reads. The rest is stored as it is: a start that inflates nothing does not load zlib.
_COMPRESSED = (".bootstrap/", ".deps/", "__pex__/", "__pex_main__.py")
_FOLDER, _FILE = 0o40755 << 16, 0o100644 << 16


def read(path: Path) -> dict[str, bytes]:
    """Returns the members of the archive by name; a folder's name ends in a slash."""
    with zipfile.ZipFile(path) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


def write(path: Path, members: Mapping[str, bytes]) -> None:
    """Writes `members` in the order of their names behind the shebang; the file is executable."""
    with path.open("wb") as file:
        file.write(SHEBANG)
        with zipfile.ZipFile(file, "w") as archive:
            for name in sorted(members):
                info = zipfile.ZipInfo(name)  # of 1980, as PEX has it
                info.create_system = 3
                info.external_attr = _FOLDER if name.endswith("/") else _FILE
                if name.startswith(_COMPRESSED) and not name.endswith("/"):
                    info.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(info, members[name])
    path.chmod(0o755)
