"""GitHub's API by way of its own program `gh`, which Actions' machines have: the one thing here that talks to it."""

import json
import re
import subprocess
import time
from collections.abc import Sequence
from typing import Any

_TIMEOUT = 120.0


class GitHubError(Exception):
    """What `gh` said when it failed, on one line."""


PAUSES = (5.0, 20.0, 60.0)
"""The seconds before each repetition of what only reads."""

# What GitHub refuses it refuses the next time too, but for what came too often or took too long.
_REFUSED = re.compile(r"HTTP 4(?!08|29)\d\d(?!.*rate limit)")


def api(path: str, method: str = "GET", **parameters: str) -> Any:
    """Returns the answer to a request, or None for an empty one. Raises GitHubError."""
    fields = [word for name, value in parameters.items() for word in ("-f", f"{name}={value}")]
    answer = gh("api", "--method", method, path, *fields, repeatable=method == "GET")
    return json.loads(answer) if answer.strip() else None


def gh(*arguments: str, text: str = "", repeatable: bool = False) -> str:
    """Returns what `gh` prints; `text` is its standard input. Raises GitHubError, if `repeatable` after some more tries."""
    for pause in PAUSES if repeatable else ():
        try:
            return _gh(arguments, text)
        except GitHubError as error:
            if _REFUSED.search(str(error)):
                raise
            time.sleep(pause)
    return _gh(arguments, text)


def _gh(arguments: Sequence[str], text: str) -> str:
    try:
        done = subprocess.run(["gh", *arguments], input=text, capture_output=True, text=True, timeout=_TIMEOUT)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise GitHubError(str(error)) from error
    if done.returncode:
        raise GitHubError(" ".join((done.stderr or done.stdout).split()))
    return done.stdout
