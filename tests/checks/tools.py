"""Programs that packages of PyPI and npm carry."""

import os
import shutil
import sys
from pathlib import Path


def script_of_wheel(name: str) -> Path:
    """Returns the program `name` that a wheel carries as a script (binary distribution format, `*.data/scripts`)."""
    (script,) = [path for root in sys.path for path in Path(root).glob(f"*.data/scripts/{name}")]
    return script


def buildifier(packages: Path, scratch: Path) -> Path:
    """Returns a copy in `scratch` of this machine's buildifier below `packages`, where npm marks no program as such."""
    machine = {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine]
    program = scratch / "buildifier"
    shutil.copyfile(packages / f"node_modules/@bazel/buildifier/buildifier-linux_{machine}", program)
    program.chmod(0o755)
    return program
