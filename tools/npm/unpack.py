"""Unpacks npm packages to the places that a package-lock.json gives them."""

import json
import tarfile
from pathlib import Path
from typing import Any


def unpack(archive: Path, target: Path) -> None:
    """Unpacks one package without the folder that all of it lies in, which has any name; files alone, as npm does."""
    with tarfile.open(archive) as tar:
        for member in tar:
            _, _, member.name = member.name.partition("/")
            if member.isfile() and member.name:
                member.mode = 0o755 if member.mode & 0o100 else 0o644
                tar.extract(member, target, filter="data")


def main(request: dict[str, Any]) -> None:
    """Takes {packages, archives, out}: the list of packages, the folder of their archives, and where they go."""
    for path, archive in json.loads(Path(request["packages"]).read_text()).items():
        unpack(Path(request["archives"]) / archive, Path(request["out"]) / path)
