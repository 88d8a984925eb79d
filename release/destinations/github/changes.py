"""What changed since the build before, as the pages of releases list it."""

from dataclasses import dataclass

from release.destinations.github.api import Api
from release.destinations.github.model import Comparison
from release.transport.http import HttpError, UnansweredError
from viberun.version import Version


@dataclass(frozen=True)
class Changes:
    """How a build stands to the one before it; `comparison` is None where GitHub has none, or was too slow to make it."""

    since: Version
    comparison: Comparison | None

    @staticmethod
    def between(api: Api, since: Version, base: str, head: str) -> "Changes":
        """Compares the commits of both. No release fails for a list on its page: GitHub gives up on large comparisons."""
        try:
            return Changes(since, api.compare(base, head))
        except (HttpError, UnansweredError):
            return Changes(since, None)
