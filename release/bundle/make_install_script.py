"""Tells the install script whose releases it installs: the build action behind `install_script`.

The script in the tree says nothing about that, and so does one that is built without a repository.
"""

from pathlib import Path
from typing import Any

from viberun.build import Build
from viberun.errors import ViberunError


class ScriptError(ViberunError):
    """The script has no place for what it is to be told."""


def stamped(script: str, build: Build) -> str:
    """Puts the repository and the channel of `build` into the script. Raises ScriptError."""
    for name, value, told in (
        ("repository", "", build.repository or ""),
        ("github", "https://github.com", build.github),
        ("channel", "prod", build.channel),
    ):
        line = f"    {name}='{value}'\n"
        if script.count(line) != 1:
            raise ScriptError(f"the install script must have the line {line.strip()} once")
        # None holds a quote: their forms are checked where a Build is made.
        script = script.replace(line, f"    {name}='{told}'\n")
    return script


def main(request: dict[str, Any]) -> None:
    """Takes {version, script, out}."""
    build = Build.from_json(Path(request["version"]).read_bytes())
    Path(request["out"]).write_text(stamped(Path(request["script"]).read_text(), build))
