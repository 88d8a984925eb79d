"""Which destinations a release can go to. A new one is its module and its place here."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from release.destinations.destination import Destination
from release.destinations.local.destination import LocalChannel
from release.destinations.remote import remote


@dataclass(frozen=True)
class Surroundings:
    """What a destination may make itself from: the folder of the local channel, this machine's
    platform (`linux-amd64`), the environment, in which the tools' own settings are, how many dev
    builds keep their files, and whether to claim the channel whatever it stands at."""

    folder: Path
    platform: str
    environ: Mapping[str, str]
    keep: int
    force: bool


DESTINATIONS: Mapping[str, Callable[[Surroundings], Sequence[Destination]]] = {
    "local": lambda around: [LocalChannel(around.folder, around.platform)],
    "remote": lambda around: remote(around.environ, keep=around.keep, force=around.force),
}
"""By what `--to` calls them, each in the order in which they publish and promote."""
