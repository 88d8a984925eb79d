"""GitHub's API by way of its own program `gh`, which Actions' machines have: the one thing here that talks to it."""

import json
import subprocess
from collections.abc import Mapping
from typing import Any


class GitHubError(Exception):
    """What `gh` said when it failed, on one line."""


def api(path: str, method: str = "GET", **parameters: str) -> Any:
    """Returns the answer to a request, or None for an empty one. Raises GitHubError."""
    fields = [word for name, value in parameters.items() for word in ("-f", f"{name}={value}")]
    answer = gh("api", "--method", method, path, *fields)
    return json.loads(answer) if answer.strip() else None


def gh(*arguments: str, text: str = "", environ: Mapping[str, str] | None = None) -> str:
    """Returns what `gh` prints; `text` is its standard input. Raises GitHubError."""
    done = subprocess.run(["gh", *arguments], input=text, env=environ, capture_output=True, text=True, timeout=120)
    if done.returncode:
        raise GitHubError(" ".join((done.stderr or done.stdout).split()))
    return done.stdout
