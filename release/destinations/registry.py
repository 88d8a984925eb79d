"""Every destination that a release can go to. A new one is its folder and its line here."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from release.destinations.destination import Destination, RemoteDestination
from release.destinations.ghcr.destination import ContainerRegistry
from release.destinations.github.destination import GitHubRelease
from release.destinations.github.retention import KEEP, Keep
from release.destinations.local.destination import LocalChannel
from release.destinations.npm.client import Npm
from release.destinations.npm.destination import NpmRegistry
from release.destinations.pypi.destination import PackageIndex
from release.signing.signer import JobSigner, Trust
from release.transport.http import Http
from release.transport.patience import Patience
from release.transport.programs import has_terminal, runner
from release.transport.secrets import redactor, secrets_of
from viberun.sigstore.release_workflow import Repository


def local(folder: Path, platform: str) -> tuple[Destination, ...]:
    """Makes the local channel in `folder`, for a machine of `platform` (`linux-amd64`)."""
    return (LocalChannel(folder, platform),)


def remote(
    environ: Mapping[str, str],
    trust: Trust,
    patience: Patience | None = None,
    *,
    keep: Keep = KEEP,
    force: bool = False,
    trusted: Repository | None = None,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.time,
) -> tuple[RemoteDestination, ...]:
    """Makes the remote destinations, in the order in which they publish and promote.

    npm's comes before PyPI: it looks through a package before it shows it, and until then the others stand as they did.
    GitHub's is last: its `channel.json` commits the release. Its ref says who holds the channel, and whatever moves elsewhere
    (image tags, the dist-tag) follows it. `trust` says who may sign it; `keep`, `force` and `trusted` as GitHubRelease has
    them; `patience` is the environment's, unless given. Raises ViberunError.
    """
    patience, secrets = patience or Patience.of(environ), secrets_of(environ)

    def http() -> Http:
        """Makes one for each, so that each counts what is its own."""
        return Http(patience, secrets, sleep=sleep, clock=clock)

    run = runner(environ, redactor(environ))
    ask = runner(environ, redactor(environ), terminal=True) if has_terminal() else None
    own = http()
    github = GitHubRelease(own, environ, JobSigner(own, environ, trust), keep=keep, force=force, trusted=trusted)
    return (
        ContainerRegistry(http(), environ, github.signature),
        NpmRegistry(http(), Npm(run, patience, ask), environ),
        PackageIndex(http(), run, environ),
        github,
    )
