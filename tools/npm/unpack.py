"""Unpacks npm packages to the places that a package-lock.json gives them."""

import json
import sys
import tarfile
from pathlib import Path


def unpack(archive: Path, target: Path) -> None:
    """Unpacks one package without the folder that all of it lies in, which has any name; files alone, as npm does."""
    with tarfile.open(archive) as tar:
        for member in tar:
            _, _, member.name = member.name.partition("/")
            if member.isfile() and member.name:
                member.mode = 0o755 if member.mode & 0o100 else 0o644
                tar.extract(member, target, filter="data")


def main(argv: list[str]) -> int:
    """Reads the request `argv[0]`: the list of packages, the folder of their archives, and where they go."""
    request = json.loads(Path(argv[0]).read_text())
    for path, archive in json.loads(Path(request["packages"]).read_text()).items():
        unpack(Path(request["archives"]) / archive, Path(request["out"]) / path)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
