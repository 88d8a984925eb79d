"""Packs the npm package, as `npm publish` takes it: an archive of files below `package/`."""

import json
import string
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.archive import gzip, tar
from viberun.build import Build

# Of a document that npm reads; what a build without a repository leaves out.
_ADDRESSES = ("homepage", "bugs", "repository")

# The programs are compressed already: level 1 would take a second for less than a hundredth of the size.
_LEVEL = 0


@dataclass(frozen=True)
class Source:
    """A file of the package."""

    file: Path
    executable: bool


def package_json(template: str, build: Build) -> str:
    """Fills in the template; npm drops `+sha` from a version, so the full one is in a field of its own."""
    values = {"npm": build.version.npm, "semver": build.version.semver, "commit": build.commit}
    document = json.loads(string.Template(template).substitute(values, repository=build.repository))
    if build.repository is None:
        for key in _ADDRESSES:
            del document[key]
    return json.dumps(document, indent=2) + "\n"


def pack(sources: Mapping[str, Source], manifest: str, out: Path) -> None:
    """Writes the archive of `sources`, by their path in the package, and of `manifest` as package.json to `out`."""
    entries = [
        tar.Entry(f"package/{path}", mode=0o755 if source.executable else 0o644, data=source.file.read_bytes())
        for path, source in sources.items()
    ]
    entries.append(tar.Entry("package/package.json", data=manifest.encode()))
    with out.open("wb") as file, gzip.Writer(file, _LEVEL) as archive:
        tar.write(entries, archive)


def main(request: dict[str, Any]) -> None:
    """Takes {template, version, files, programs, out}; files and programs by their path in the package."""
    build = Build.from_json(Path(request["version"]).read_text())
    files = {path: Source(Path(file), executable=False) for path, file in request["files"].items()}
    programs = {path: Source(Path(file), executable=True) for path, file in request["programs"].items()}
    manifest = package_json(Path(request["template"]).read_text(), build)
    pack({**files, **programs}, manifest, Path(request["out"]))
