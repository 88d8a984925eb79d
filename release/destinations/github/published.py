"""`channel.json` as anybody gets it, without credentials and by the addresses that clients know."""

from release.destinations.destination import Published
from release.destinations.github.channel import CURRENT, OLD
from release.destinations.github.settings import Settings
from release.transport.http import Answer, Http, Request
from viberun.errors import ViberunError
from viberun.manifest import Manifest
from viberun.version import Channel


def download(http: Http, folder: str) -> Answer | None:
    """Reads as clients do: `channel.json` below the address `folder`, else the one before, then once more.

    Returns None where there is none. Raises HttpError, UnansweredError.
    """
    for name in (CURRENT, OLD, CURRENT):
        answer = http.download(Request("GET", f"{folder}{name}", accepted=(200, 404)))
        if answer.status == 200:
            return answer
    return None


def published(http: Http, settings: Settings, channel: Channel) -> Published:
    """Reads where the channel stands. The settings must name a repository. Raises ViberunError."""
    assert settings.repository
    folder = settings.download_url("dev", "") if channel == "dev" else settings.latest_url("")
    answer = download(http, folder)
    if answer is None:
        raise ViberunError(f"there is no {folder}{CURRENT}", remedy=f"release the {channel} channel first")
    return Published(Manifest.parse(answer.content), answer.content)
