"""The remote destinations, in the order in which they publish and promote.

GitHub's is last: its `channel.json` commits the release. Its ref says whose the channel is, and whatever moves elsewhere
(image tags, the dist-tag) follows it.
"""

from collections.abc import Mapping

from release.destinations.destination import Destination
from release.destinations.ghcr.credentials import run_helper
from release.destinations.ghcr.destination import ContainerRegistry
from release.destinations.github.destination import GitHubRelease
from release.destinations.npm.client import Npm
from release.destinations.npm.destination import NpmRegistry
from release.destinations.pypi.destination import PackageIndex
from release.transport.http import Http
from release.transport.patience import Patience
from release.transport.programs import runner
from release.transport.secrets import redactor, secrets_of


def remote(environ: Mapping[str, str], *, keep: int = 20, force: bool = False) -> tuple[Destination, ...]:
    """`keep` and `force` as GitHubRelease has them. Raises UsageError."""
    patience, secrets = Patience.of(environ), secrets_of(environ)

    def http() -> Http:
        """One for each, so that each counts what is its own."""
        return Http(patience, secrets)

    run = runner(environ, redactor(environ))
    github = GitHubRelease(http(), environ, keep=keep, force=force)
    return (
        ContainerRegistry(http(), environ, run_helper(environ), github.standing),
        PackageIndex(http(), run, environ),
        NpmRegistry(http(), Npm(run, patience), environ, github.standing),
        github,
    )
