"""Makes the wheel: lays out a project around the packed program and has flit_core build it.

Everything that the wheel says is in pyproject.toml.in, the version and the manifest; the program is not looked into.
"""

import json
import os
import shutil
import string
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.archive import tar
from viberun.build import Build

# In the wheel, where viberun.launcher looks for it.
PROGRAM = "viberun/vendor/viberun"


@dataclass(frozen=True)
class Project:
    """What is built: `files` by their path in the project, `commands` the names that its users get."""

    name: str
    commands: Sequence[str]
    template: str
    files: Mapping[str, Path]


def toml_table(name: str, values: Mapping[str, str]) -> str:
    """Returns a TOML table of strings; JSON's strings are TOML's (TOML 1.0, basic strings) within ASCII."""
    lines = [f"{json.dumps(key)} = {json.dumps(value)}" for key, value in values.items()]
    return "\n".join(["", f"[{name}]", *lines, ""]) if lines else ""


def pyproject(project: Project, build: Build) -> str:
    """Returns the text of pyproject.toml. A build without a repository has no addresses."""
    text = string.Template(project.template).substitute(project=project.name, version=build.version.pypi)
    home = f"https://github.com/{build.repository}"
    addresses = {"Homepage": home, "Issues": f"{home}/issues", "Source": f"{home}/tree/{build.commit}"}
    return (
        text
        + toml_table("project.scripts", dict.fromkeys(project.commands, "viberun.launcher:main"))
        + toml_table("project.urls", addresses if build.repository else {})
    )


def make(project: Project, build: Build, out: Path, scratch: Path) -> None:
    """Writes the wheel to `out`.

    Raises:
        subprocess.CalledProcessError: flit_core does not take the project.
    """
    root = scratch / "project"
    for path, file in project.files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, root / path)
        (root / path).chmod(0o644)
    (root / "pyproject.toml").write_text(pyproject(project, build))
    environment = {
        **os.environ,
        "HOME": str(scratch),
        "PYTHONPATH": os.pathsep.join(sys.path),
        "SOURCE_DATE_EPOCH": str(tar.MTIME),
        "TMPDIR": str(scratch),
    }
    command = [sys.executable, "-P", "-m", "flit_core.wheel", "--outdir", str(scratch), str(root)]
    subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    (wheel,) = scratch.glob("*.whl")
    shutil.copyfile(wheel, out)


def main(request: dict[str, Any]) -> None:
    """Takes {project, commands, template, version, files, program, out}."""
    files = {path: Path(file) for path, file in request["files"].items()}
    project = Project(
        request["project"],
        request["commands"],
        Path(request["template"]).read_text(),
        {**files, PROGRAM: Path(request["program"])},
    )
    build = Build.from_json(Path(request["version"]).read_text())
    with tempfile.TemporaryDirectory() as scratch:
        make(project, build, Path(request["out"]), Path(scratch))
