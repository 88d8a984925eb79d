"""Renews requirements.lock from requirements.in: `bazel run //tools/wheels:update`.

pip resolves for both architectures (its installation report, PyPA's "pip install --report" format); the lock keeps of it the
version, the digests and, as `# via`, who requires what. Nothing of an index's address enters the lock.
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.lock.file import replace

ARCHITECTURES = {"amd64": "x86_64", "arm64": "aarch64"}
HEADER = """\
# Made by `bazel run //tools/wheels:update` from requirements.in: one hash for any machine, or amd64's and arm64's.
# Answers the request {checksum}
"""


@dataclass
class Locked:
    """One line of the lock."""

    version: str
    sha256: dict[str, str] = field(default_factory=dict)
    via: set[str] = field(default_factory=set)

    def line(self, name: str) -> str:
        digests = dict.fromkeys(self.sha256[architecture] for architecture in ARCHITECTURES)
        hashes = "".join(f" --hash=sha256:{digest}" for digest in digests)
        return f"{name}=={self.version}{hashes}  # via {', '.join(sorted(self.via))}\n"


def pip_report(pip: Path, requirements: Path, architecture: str, scratch: Path) -> Mapping[str, object]:
    """Asks pip for the closure of `requirements` on CPython 3.13 and `architecture`; returns its installation report."""
    report = scratch / f"{architecture}.json"
    options = json.loads(Path(__file__).with_name("pip_options.json").read_text())
    command = [sys.executable, f"{pip}/pip", "install", "--quiet", "--dry-run", "--ignore-installed"]
    command += ["--report", str(report), "--target", str(scratch / "target")]
    command += [option.replace("{machine}", ARCHITECTURES[architecture]) for option in options]
    subprocess.run([*command, "--requirement", str(requirements)], check=True, timeout=1200)
    result: Mapping[str, object] = json.loads(report.read_text())
    return result


def read_requests(text: str) -> list[Requirement]:
    """Parses requirements.in: a requirement (PEP 508) a line, `#` begins a comment."""
    lines = (line.split("#")[0].strip() for line in text.splitlines())
    return [Requirement(line) for line in lines if line]


def header(requested: Sequence[Requirement]) -> str:
    """Returns the lock's first lines, which hold the SHA-256 of what was asked for: all of it, order and comments apart."""
    lines = "".join(sorted(f"{request}\n" for request in requested))
    return HEADER.format(checksum=hashlib.sha256(lines.encode()).hexdigest())


def lock_text(reports: Mapping[str, Mapping[str, object]], requested: Sequence[Requirement]) -> str:
    """Merges pip's reports, an architecture each, into the lock's text.

    Raises:
        SystemExit: the architectures differ in a version.
    """
    locked: dict[str, Locked] = {}
    edges: list[tuple[str, str]] = [("requirements.in", canonicalize_name(request.name)) for request in requested]
    extras = {canonicalize_name(request.name): request.extras for request in requested}
    for architecture, report in reports.items():
        entries = report["install"]
        assert isinstance(entries, list)
        for entry in entries:
            metadata = entry["metadata"]
            name = canonicalize_name(metadata["name"])
            item = locked.setdefault(name, Locked(metadata["version"]))
            if item.version != metadata["version"]:
                differ = f"{item.version} for one architecture, {metadata['version']} for {architecture}"
                sys.exit(f"{name}: {differ}; pin one in requirements.in")
            item.sha256[architecture] = entry["download_info"]["archive_info"]["hashes"]["sha256"]
            for text in metadata.get("requires_dist", []):
                edges += required(
                    name,
                    Requirement(text),
                    {"", *extras.get(name, ()), *entry.get("requested_extras", [])},
                    architecture,
                )
    for parent, child in edges:
        if child in locked:
            locked[child].via.add(parent)
    return header(requested) + "".join(locked[name].line(name) for name in sorted(locked))


def required(parent: str, requirement: Requirement, extras: set[str], architecture: str) -> list[tuple[str, str]]:
    """Returns the edge parent -> requirement if its marker holds on Linux, CPython 3.13, for one of `extras`."""
    machine = {"platform_machine": ARCHITECTURES[architecture], "sys_platform": "linux", "python_version": "3.13"}
    holds = requirement.marker is None or any(
        requirement.marker.evaluate({**machine, "extra": extra}) for extra in extras
    )
    return [(parent, canonicalize_name(requirement.name))] if holds else []


def main(argv: Sequence[str]) -> int:
    pip = Path(os.environ["RUNFILES_DIR"]) / argv[0]
    folder = Path(os.environ["BUILD_WORKSPACE_DIRECTORY"]) / "tools/wheels"
    requirements, lock = folder / "requirements.in", folder / "requirements.lock"
    with tempfile.TemporaryDirectory() as scratch:
        reports = {
            architecture: pip_report(pip, requirements, architecture, Path(scratch)) for architecture in ARCHITECTURES
        }
    before = set(lock.read_text().splitlines()) if lock.exists() else set()
    text = lock_text(reports, read_requests(requirements.read_text()))
    replace(lock, text)
    for line in sorted({line.split(" ")[0] for line in before ^ set(text.splitlines()) if not line.startswith("#")}):
        print(("- " if line in {old.split(" ")[0] for old in before} else "+ ") + line)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
