"""Which manifests of a package no kept build reaches. Never those that merely have no tag: platforms' manifests have none."""

from collections.abc import Callable, Collection, Iterable, Sequence

from release.destinations.github.model import PackageVersion
from viberun.errors import VersionError
from viberun.version import Version

NEW_FOR = 86400.0
"""The seconds for which a manifest is nobody's to delete: a release that is under way may be about to name it."""


def unreached(
    versions: Sequence[PackageVersion],
    kept: Collection[str],
    standing: Version,
    children: Callable[[str], Iterable[str]],
) -> list[PackageVersion]:
    """Tells what to delete, what has a tag first: so nobody finds an index whose manifests are gone.

    `kept` are the digests that builds name which stay, `standing` the version that has the dev channel, and `children` tells
    what the index of a digest names. What has a tag stays as well, unless all its tags are dev versions that are older than
    the standing one, or name a digest that goes (`sha256-HEX`, the OCI distribution specification's referrers tag).
    """
    reached = set[str]()

    def reach(digest: str) -> None:
        if digest not in reached:
            reached.add(digest)
            for child in children(digest):
                reach(child)

    for digest in kept:  # listed or not: what it names may be
        reach(digest)
    for version in versions:
        if version.age < NEW_FOR or any(_holds(tag, standing) for tag in version.tags):
            reach(version.digest)
    for version in versions:  # once it is known what stays
        if any(tag.replace("sha256-", "sha256:", 1) in reached for tag in version.tags):
            reach(version.digest)
    return sorted((each for each in versions if each.digest not in reached), key=lambda version: not version.tags)


def _holds(tag: str, standing: Version) -> bool:
    """Tells whether a tag alone is reason enough for what it names to stay."""
    if tag.startswith("sha256-"):
        return False
    try:
        version = Version.parse(tag)
    except VersionError:
        return True
    return version.channel == "prod" or version.precedence > standing.precedence
