"""Tells the install script whose releases it installs, and by whose signatures: the build action behind `install_script`.

The script in the tree says nothing of the first, and so does one that is built without a repository; it takes the signatures
that those of this build take, since people get it from there.
"""

from pathlib import Path
from typing import Any

from tools.trust.install_script import trusting
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
    """Takes {version, script, trusted_root, out}."""
    build = Build.from_json(Path(request["version"]).read_bytes())
    script = trusting(Path(request["script"]).read_text(), Path(request["trusted_root"]).read_text())
    Path(request["out"]).write_text(stamped(script, build))
