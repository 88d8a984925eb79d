"""Which of a dev release's assets have had their time. Pure functions."""

import re
from collections.abc import Collection, Sequence

from release.destinations.github.model import Asset
from viberun.version import Version

MOST_AT_ONCE = 60
"""Deletions in one release, so that it stays well below GitHub's limit on writes; the next one goes on."""

_VERSION = re.compile(r"0\.0\.0-dev\.[0-9]{14}-[0-9a-f]{7}(?![0-9a-f])")


def version_of(name: str) -> Version | None:
    """Returns the version in an asset's name."""
    match = _VERSION.search(name)
    return Version.parse(match[0]) if match else None


def expired(assets: Sequence[Asset], keep: int, standing: Version, needed: Collection[Version]) -> list[Asset]:
    """Tells what to delete of the builds before the `standing` one: all but `keep`, with that one, and those needed.

    Manifests come first, so whoever looks for a build finds its manifest only while all its files are there. Names without
    a version are never in it, nor are builds that come after the standing one: their runs may be under way.
    """
    versions = {asset.id: version for asset in assets if (version := version_of(asset.name))}
    before = {version for version in [*versions.values(), standing] if version.precedence <= standing.precedence}
    newest = sorted(before, key=lambda version: version.precedence, reverse=True)
    leaving_builds = before - {*newest[:keep], *needed, standing}
    leaving = [asset for asset in assets if versions.get(asset.id) in leaving_builds]
    leaving.sort(key=lambda asset: (versions[asset.id].precedence, not asset.name.endswith(".json"), asset.name))
    return leaving[:MOST_AT_ONCE]
