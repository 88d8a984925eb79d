"""The remote destinations that GitHub runs: the fence is the release's, and the images follow it."""

from collections.abc import Mapping

from release.destinations.destination import Destination
from release.destinations.ghcr import ContainerRegistry
from release.destinations.github import GitHubRelease
from release.http import Http
from release.oci.credentials import run_helper
from release.patience import Patience


def remote(environ: Mapping[str, str], *, keep: int = 20, force: bool = False) -> tuple[Destination, Destination]:
    """Images, then the GitHub release: what moves there first, and what commits it all. Raises UsageError."""
    patience = Patience.of(environ)
    github = GitHubRelease(Http(patience), environ, keep=keep, force=force)
    return ContainerRegistry(Http(patience), environ, run_helper(environ), github.standing), github
