"""A program laid out and started as the packers do it: a folder with `__main__.py`, `-I -S -B`."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import viberun
from viberun.build import Build
from viberun.version import Version

COMMIT = "abc1234" + "0123456789abcdef" * 2 + "f"
BUILD = Build(Version.parse("0.0.0-dev.20260125123045+abc1234"), "dev", COMMIT, "2026-01-25T12:30:45Z", "owner/name")

START = "import sys\nfrom viberun.{program}.__main__ import main\nsys.exit(main())\n"


def install(folder: Path, start: str, build: Build | None = BUILD) -> Path:
    """Puts the package, the `__main__.py` with this text and version.json into `folder`."""
    package = folder / "viberun"
    # Contents alone: under Bazel these are links, and their modes the cache's.
    ignored = shutil.ignore_patterns("__pycache__", "BUILD", "*.json")
    shutil.copytree(Path(viberun.__file__).parent, package, ignore=ignored, copy_function=shutil.copyfile)
    (folder / "__main__.py").write_text(start)
    if build is not None:
        (package / "version.json").write_text(build.to_json())
    return folder


def run(program: Path, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Runs the program; `options` are those of subprocess.run."""
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "env": {"COLUMNS": "80"}, **options}
    return subprocess.run(
        [sys.executable, "-I", "-S", "-B", str(program), *arguments], text=True, check=False, timeout=60, **streams
    )
