"""What is to come after the build that has the dev channel: commits of main, and a release that is under way."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta

from release.destinations.destination import Ahead, Commits, UnderWay
from release.destinations.github.api import Api
from release.destinations.github.model import Asset
from release.destinations.github.retention import version_of
from viberun.build import Build
from viberun.version import Version


def coming(assets: Collection[Asset], standing: Version) -> dict[Version, float]:
    """Returns the builds whose files came after those of the standing one, and the age of their first file in seconds."""
    ages = dict[Version, float]()
    for asset in assets:
        version = version_of(asset.name)
        if version and version.precedence > standing.precedence:
            ages[version] = max(asset.age, ages.get(version, 0))
    return ages


def claimed(builds: Collection[Version], holder: str | None) -> Version | None:
    """Returns the one that is of the commit at which the ref stands."""
    return next((version for version in builds if (holder or "").startswith(version.sha or "-")), None)


def under_way(
    ages: Mapping[Version, float], holder: str | None, now: datetime, there: Collection[str] = ()
) -> UnderWay | None:
    """Tells which of the builds that are `coming` is about to have the channel: the ref's, else the newest.

    `there` are the names of all assets.
    """
    own = claimed(ages, holder)
    newest = own or max(ages, key=lambda version: version.precedence, default=None)
    if newest is None:
        return None
    signed = f"viberun-{newest.oci}.intoto.jsonl" in there
    return UnderWay(newest, now - timedelta(seconds=ages[newest]), own is not None, signed)


def ahead(api: Api, tag: str, build: Build) -> Ahead:
    """Asks what there is after the build, which the release of the tag has. Raises HttpError, UnansweredError."""
    repository, release = api.repository(), api.release(tag)
    assets = api.assets(release.id) if release else []
    there = {asset.name for asset in assets if asset.uploaded}
    release_to_come = under_way(coming(assets, build.version), api.tag_commit(tag), repository.now, there)
    comparison = api.compare(build.commit, repository.default_branch)
    commits = None
    if comparison and comparison.total and comparison.since:
        commits = Commits(comparison.total, datetime.fromisoformat(comparison.since).astimezone(UTC))
    return Ahead(commits, release_to_come, comparison is None or comparison.status in ("behind", "diverged"))
