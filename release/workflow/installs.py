"""`python3 -m release.workflow.installs`: a release as people install it, each way with nothing cached.

VERSION is what every program must print, CHANNEL whose release it is, IMAGES the names of its images, if Docker is here. Ends
when all give it, or with 1: a registry's own caches can give the version before, or none, for some minutes.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_TRIES = 40
_PAUSE = 15.0
_TIMEOUT = 300.0

_PROJECTS = {"dev": "viberun-dev", "prod": "viberun"}
_MOVING = {"dev": "dev", "prod": "latest"}


def ways(channel: str, folder: Path) -> dict[str, list[str]]:
    """The commands that give the channel's newest version; what they cache lies below a folder."""
    project = _PROJECTS[channel]
    return {
        "npx": [
            "npx",
            "--cache",
            str(folder / "npm"),
            "--prefer-online",
            "-y",
            f"viberun@{_MOVING[channel]}",
            "--version",
        ],
        "uvx": ["uvx", "--no-cache", f"{project}@latest", "--version"],
        "uvx --from": ["uvx", "--no-cache", "--from", f"{project}@latest", "viberun", "--version"],
    }


def gives(command: Sequence[str], environ: Mapping[str, str]) -> str:
    """The one line that a command prints, or what it says instead."""
    try:
        done = subprocess.run(
            command, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_TIMEOUT
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return (
        done.stdout.strip()
        if done.returncode == 0
        else f"exit {done.returncode}: {(done.stderr or done.stdout).strip()}"
    )


def wait_for(
    version: str, channel: str, environ: Mapping[str, str], sleep: Callable[[float], None], tries: int = _TRIES
) -> list[str]:
    """Returns a line for each way that does not give the version, however often it is tried."""
    given = {}
    for attempt in range(tries):
        if attempt:
            sleep(_PAUSE)
        with tempfile.TemporaryDirectory() as folder:
            given = {
                name: said
                for name, command in ways(channel, Path(folder)).items()
                if (not attempt or name in given) and (said := gives(command, environ)) != version
            }
        if not given:
            break
    return [f"{name} gives {said!r} and not {version}" for name, said in given.items()]


def pulls(images: Sequence[str], environ: Mapping[str, str]) -> list[str]:
    """Returns a line for each image that nobody can pull; in the first, which is for apps, node has to start."""
    commands = [["docker", "pull", "--quiet", image] for image in images]
    commands += [["docker", "run", "--rm", "--entrypoint", "node", image, "--version"] for image in images[:1]]
    said = [(" ".join(command), gives(command, environ)) for command in commands]
    return [f"{command}: {answer}" for command, answer in said if answer.startswith("exit ")]


def main(environ: Mapping[str, str], sleep: Callable[[float], None]) -> int:
    problems = wait_for(environ["VERSION"], environ["CHANNEL"], environ, sleep)
    problems += pulls(environ.get("IMAGES", "").split(), environ)
    for problem in problems:
        print("::error::" + problem.replace("\n", "%0A"))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(os.environ, time.sleep))
