"""Which destinations a release can go to. A new one is its module and its line here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from release.destinations.destination import Destination
from release.destinations.local import LocalChannel


@dataclass(frozen=True)
class Surroundings:
    """What a destination may make itself from: the folder of the local channel, this machine's
    platform (`linux-amd64`), and the environment, in which the tools' own settings are."""

    folder: Path
    platform: str
    environ: Mapping[str, str]


DESTINATIONS: Mapping[str, tuple[Callable[[Surroundings], Destination], ...]] = {
    "local": (lambda around: LocalChannel(around.folder, around.platform),),
    "remote": (),
}
"""By what `--to` calls them, each in the order in which they publish and promote."""
