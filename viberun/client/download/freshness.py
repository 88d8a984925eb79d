"""Tells whether a channel may be held back: main went on, and the channel did not.

Nothing that is signed has an end, and a signature's time proves nothing, since an old run can be run again. But every commit of
main becomes a dev build, and who can write to the releases can't move a protected main. So main is asked, over TLS.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

from viberun.client.download.fetch import Fetcher
from viberun.client.download.resolver import Resolved
from viberun.errors import ViberunError
from viberun.fields import decode
from viberun.sigstore.release_workflow import Repository

_QUIET = timedelta(days=14)  # that the newest build may be old before anybody is asked
_LATE = timedelta(days=2)  # that a release may take
_MOST_BYTES = 1 << 20
_SECONDS = 5.0


def held_back(newest: Resolved, fetch: Fetcher) -> str | None:
    """Says so in a clause, where that is how it looks for the build that a dev channel stands at; None where it does not, where
    the place is not the repository's own, and where GitHub does not tell."""
    repository, build = newest.place.trust.repository, newest.manifest.build
    if build.channel != "dev" or repository is None or not _is_home(newest.place.base, repository):
        return None
    made = _time(build.committed)
    if newest.place.trust.now() - made < _QUIET:
        return None
    try:
        moved = _moved(repository, replace(fetch, attempts=1, timeout=_SECONDS))
    except (ViberunError, ValueError, LookupError, TypeError):
        return None
    if moved - made <= _LATE:
        return None
    return f"main has a commit of {moved:%Y-%m-%d}, and the channel none since {made:%Y-%m-%d}: it may be held back"


def _is_home(base: str, repository: Repository) -> bool:
    return base.startswith(f"{repository.server}/{repository.name}/releases/")


def _moved(repository: Repository, fetch: Fetcher) -> datetime:
    """When main's newest commit was committed; out of the list, where a commit comes without its files
    (https://docs.github.com/rest/commits/commits). Raises what reading raises."""
    api = "https://api.github.com" if repository.server == "https://github.com" else f"{repository.server}/api/v3"
    of = f"repositories/{repository.number}" if repository.number else f"repos/{repository.name}"
    said: Any = decode(fetch.get(f"{api}/{of}/commits?sha=main&per_page=1", _MOST_BYTES))
    (head,) = said
    return _time(head["commit"]["committer"]["date"])


def _time(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
