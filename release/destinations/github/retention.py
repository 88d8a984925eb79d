"""Which of a dev release's assets have had their time. Pure functions."""

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from release.destinations.github.model import Asset
from viberun.version import Version, moment

MOST_AT_ONCE = 60
"""Deletions in one release, so that it stays well below GitHub's limit on writes; the next one goes on."""

_VERSION = re.compile(r"0\.0\.0-dev\.[0-9]{14}-[0-9a-f]{7}(?![0-9a-f])")


def version_of(name: str) -> Version | None:
    """Returns the version in an asset's name."""
    match = _VERSION.search(name)
    return Version.parse(match[0]) if match else None


def manifest_of(name: str) -> Version | None:
    """Returns the version of the build whose manifest an asset of this name is; None where it is something else."""
    version = version_of(name)
    return version if version and name == f"viberun-{version.oci}.json" else None


@dataclass(frozen=True)
class Keep:
    """How many builds keep their files: `builds` at least, and all that are at most `days` older than the newest."""

    builds: int = 20
    days: int = 30

    @staticmethod
    def parse(text: str) -> "Keep":
        """Reads `20` (builds), `30d` (and 20 builds at least) or `20,30d`. Raises ValueError."""
        match = re.fullmatch(r"([1-9]\d{0,3})?(?:(?:^|(?<=\d),)([1-9]\d{0,3})d)?", text, re.ASCII)
        if not text or match is None:
            raise ValueError(f"{text[:40]!r} is none of the forms 20 (builds), 30d (days), 20,30d (both)")
        return Keep(int(match[1] or Keep.builds), int(match[2] or 0))

    def __str__(self) -> str:
        return f"{self.builds},{self.days}d"


KEEP = Keep()
"""Which dev builds keep their files, unless somebody says otherwise."""


def expired(
    assets: Sequence[Asset], keep: Keep, standing: Version, needed: Collection[Version], most: int
) -> list[Asset]:
    """Tells what to delete of the builds before the `standing` one: all but those to keep, with that one, and those needed.

    Of those to keep by their age the oldest go where there are more than `most` assets. Manifests come first, so whoever looks
    for a build finds its manifest only while all its files are there. Names without a version are never in it, nor are builds
    that come after the standing one: their runs may be under way.
    """
    versions = {asset.id: version for asset in assets if (version := version_of(asset.name))}
    before = {version for version in [*versions.values(), standing] if version.precedence <= standing.precedence}
    newest = sorted(before, key=lambda version: version.precedence, reverse=True)
    staying, left = {*newest[: keep.builds], *needed, standing}, len(assets)
    sizes = Counter(versions.values())
    leaving_builds = set[Version]()
    for version in reversed(newest):
        if version not in staying and (left > most or _age(version, standing).days >= keep.days):
            leaving_builds.add(version)
            left -= sizes[version]
    leaving = [asset for asset in assets if versions.get(asset.id) in leaving_builds]
    leaving.sort(key=lambda asset: (versions[asset.id].precedence, manifest_of(asset.name) is None, asset.name))
    return leaving[:MOST_AT_ONCE]


def _age(version: Version, standing: Version) -> timedelta:
    return moment(standing.timestamp or "") - moment(version.timestamp or "")
