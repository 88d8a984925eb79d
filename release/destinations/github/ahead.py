"""What is to come after the build that has the dev channel: commits of main, and a release that is under way."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from release.destinations.destination import Ahead, Commits, UnderWay
from release.destinations.github.api import Api
from release.destinations.github.model import Asset
from release.destinations.github.retention import version_of
from viberun.build import Build
from viberun.version import Version


def under_way(assets: Collection[Asset], holder: str | None, standing: Version, now: datetime) -> UnderWay | None:
    """Tells which build's files came after those of the standing one: the ref's, if it is one of them, else the newest."""
    ages = dict[Version, float]()
    for asset in assets:
        version = version_of(asset.name)
        if version and version.precedence > standing.precedence:
            ages[version] = max(asset.age, ages.get(version, 0))
    claimed = next((version for version in ages if (holder or "").startswith(version.sha or "-")), None)
    if newest := claimed or max(ages, key=lambda version: version.precedence, default=None):
        return UnderWay(newest, now - timedelta(seconds=ages[newest]), claimed is not None)
    return None


def ahead(api: Api, tag: str, build: Build) -> Ahead:
    """Asks what there is after the build, which the release of the tag has. Raises HttpError, UnansweredError."""
    repository, release = api.repository(), api.release(tag)
    assets = api.assets(release.id) if release else []
    coming = under_way(assets, api.tag_commit(tag), build.version, repository.now)
    comparison = api.compare(build.commit, repository.default_branch)
    commits = None
    if comparison and comparison.total and comparison.since:
        commits = Commits(comparison.total, datetime.fromisoformat(comparison.since).astimezone(UTC))
    return Ahead(commits, coming, comparison is None or comparison.status in ("behind", "diverged"))
