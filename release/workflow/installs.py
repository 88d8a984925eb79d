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


class CommandError(Exception):
    """A command that did not end well, or not in time, and what it said."""


def run(command: Sequence[str], environ: Mapping[str, str]) -> str:
    """Returns what a command prints. Raises CommandError."""
    try:
        done = subprocess.run(
            command, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_TIMEOUT
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CommandError(str(error)) from error
    if done.returncode:
        raise CommandError(f"exit {done.returncode}: {(done.stderr or done.stdout).strip()}")
    return done.stdout.strip()


def gives(command: Sequence[str], environ: Mapping[str, str]) -> str:
    """Returns the one line that a command prints, or what it says instead."""
    try:
        return run(command, environ)
    except CommandError as error:
        return str(error)


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
    problems = list[str]()
    for command in commands:
        try:
            run(command, environ)
        except CommandError as error:
            problems.append(f"{' '.join(command)}: {error}")
    return problems


def main(environ: Mapping[str, str], sleep: Callable[[float], None]) -> int:
    problems = wait_for(environ["VERSION"], environ["CHANNEL"], environ, sleep)
    problems += pulls(environ.get("IMAGES", "").split(), environ)
    for problem in problems:
        print("::error::" + problem.replace("\n", "%0A"))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(os.environ, time.sleep))
