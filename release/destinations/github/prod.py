"""A prod release: staged in a draft, which only those see who can push, and published in one step.

The tag was there first: whoever pushes `vX.Y.Z` asks for the release. Works with immutable releases, since nothing changes
after the draft is published.
"""

from collections.abc import Iterator

from release.bundle.model import Bundle
from release.destinations.github import notes
from release.destinations.github.api import Api
from release.destinations.github.assets import MOST, AssetError, Assets, Wanted, difference
from release.destinations.github.changes import Changes
from release.destinations.github.channel import CURRENT
from release.destinations.github.fence import FencedError
from release.destinations.github.model import Release
from release.transport.content import Moved, digest_of
from release.transport.http import Http, ensure
from viberun.errors import VersionError, ViberunError
from viberun.manifest import Manifest
from viberun.version import Version


class ProdRelease:
    """The steps of `release.destinations.github.destination` for the prod channel."""

    def __init__(self, http: Http, api: Api, web: str, tag: str) -> None:
        self._http = http
        self._api = api
        self._web = web
        self.tag = tag

    def problems(self, bundle: Bundle) -> Iterator[str]:
        """Tells why this could not become a prod release. Changes nothing."""
        build = bundle.manifest.build
        stands = self._api.tag_commit(self.tag)
        if stands is None:
            yield f"there is no tag {self.tag} on GitHub; push it"
        elif stands != build.commit:
            yield f"the tag {self.tag} is on {stands}, and this was built from {build.commit}; build what the tag is on"
        releases = list(self._api.releases())
        if fenced := _fenced(build.version, releases):
            yield str(fenced)
        if release := self._release_or_draft():
            there = self._api.assets(release.id)
            gap = difference(wanted(bundle), there)
            yield from gap.conflicts
            if release.immutable and gap.missing:
                names = ", ".join(file.name for file in gap.missing)
                yield f"the release {self.tag} is immutable and lacks {names}; release the next version"
            if len(there) + len(gap.missing) > MOST:
                yield f"the release {self.tag} would have more than {MOST} assets"

    def changes(self, bundle: Bundle) -> Iterator[tuple[str, str, int | None]]:
        """Tells what `stage` and `claim` would do: verb, subject, bytes."""
        release = self._release_or_draft()
        there = self._api.assets(release.id) if release else []
        if release is None:
            yield "create", f"draft {self.tag}", None
        for file in difference(wanted(bundle), there).missing:
            yield "upload", file.name, file.digest.size
        if release is None or release.draft:
            yield "publish", f"release {self.tag}", None
        if (latest := self._api.latest()) and _is_below(latest, bundle.manifest.build.version):
            yield "move", f"latest from {latest.tag} to {self.tag}", None

    def stage(self, bundle: Bundle, expect: Moved, moved: Moved) -> int:
        """Uploads what is missing; returns how many files."""
        return Assets(self._http, self._api, self._draft(bundle)).upload_missing(wanted(bundle), expect, moved)

    def claim(self, bundle: Bundle) -> bool:
        """Publishes the draft; False if it was published. `latest` stays, since the other places have nothing of this yet.

        Raises FencedError below the newest release and where the tag has moved, and AssetError unless the draft is whole.
        """
        build = bundle.manifest.build
        if fenced := _fenced(build.version, self._api.releases()):
            raise fenced
        if self._api.release(self.tag) is not None:
            return False
        if (stands := self._api.tag_commit(self.tag)) != build.commit:
            raise FencedError(f"the tag {self.tag} is on {stands}, not on {build.commit}", remedy="build what it is on")
        body = notes.text(bundle.manifest, self._changes(bundle.manifest), self._web)
        draft = self._whole_draft(bundle)
        latest = "true" if self._api.latest() is None else "false"  # the first of all is it in any case
        facts: dict[str, str | bool] = {"tag_name": self.tag, "draft": False, "prerelease": False}
        published = self._api.update_release(draft.id, {**facts, "make_latest": latest, "body": body})
        if published.draft or published.tag != self.tag:
            what = "still a draft" if published.draft else f"under the tag {published.tag}"
            raise ViberunError(
                f"the release {self.tag} is {what}", remedy="look at its page on GitHub, and release again"
            )
        return True

    def holder(self, bundle: Bundle) -> Manifest:
        """Returns the manifest of the newest release: this one, or another that was published since."""
        version, newest = self._newest()
        if version.precedence <= bundle.manifest.build.version.precedence:
            return bundle.manifest
        asset = next((asset for asset in self._api.assets(newest.id) if asset.name == CURRENT), None)
        if asset is None:
            raise ViberunError(f"the release {newest.tag} has no {CURRENT}", remedy="release it again")
        return Manifest.parse(self._api.download(asset.id).content)

    def promote(self, bundle: Bundle) -> bool:
        """Moves `latest` up to this release; False if nothing had to change. A newer release is left to its own run.

        Whose `latest` went by is put right: another run may have moved it further up between a look and a move.
        """
        changed = False
        for tries in range(1, self._http.patience.tries + 1):
            version, newest = self._newest()
            if not changed and newest.tag != self.tag:
                return False
            latest = self._api.latest()
            if latest and not _is_below(latest, version):
                return changed
            if tries > 1:
                self._http.pause(tries)
            self._api.update_release(newest.id, {"make_latest": "true"})
            changed = True
        return changed  # what GitHub shows lags; verify waits for it

    def _newest(self) -> tuple[Version, Release]:
        """Picks from what GitHub lists and this one, since its list can lag behind."""
        own = self._api.release(self.tag)
        published = list(_published([*self._api.releases(), *([own] if own else [])]))
        if not published:
            raise ViberunError("GitHub lists no release yet", remedy="run the same command again")
        return max(published, key=lambda pair: pair[0].precedence)

    def _changes(self, manifest: Manifest) -> Changes | None:
        """Compares with the newest release below this one; None where there is none, or its tag is gone."""
        version = manifest.build.version
        below = [pair for pair in _published(self._api.releases()) if pair[0].precedence < version.precedence]
        if not below:
            return None
        before, release = max(below, key=lambda pair: pair[0].precedence)
        commit = self._api.tag_commit(release.tag)
        return Changes.between(self._api, before, commit, manifest.build.commit) if commit else None

    def _release_or_draft(self) -> Release | None:
        """Returns the published release, else the oldest draft: all runs must agree on one."""
        return self._api.release(self.tag) or next(iter(self._drafts()), None)

    def _drafts(self) -> list[Release]:
        """Lists them, the oldest first."""
        drafts = [release for release in self._api.releases() if release.tag == self.tag]
        return sorted(drafts, key=lambda release: (release.draft, release.id))

    def _whole_draft(self, bundle: Bundle) -> Release:
        """Returns the oldest draft that has all files: one that was published without some could never be completed."""
        reasons = [f"there is no draft of {self.tag}"]
        for draft in self._drafts():
            gap = difference(wanted(bundle), self._api.assets(draft.id))
            lacking = [f"{file.name}: not there" for file in gap.missing] + list(gap.conflicts)
            if not lacking:
                return draft
            reasons = lacking
        raise AssetError(f"the draft of {self.tag} is not what was staged", reasons, remedy="release again")

    def _draft(self, bundle: Bundle) -> Release:
        """Finds the release or its draft, or makes that where there is none. Of two drafts that were made at once one goes."""

        def make() -> Release:
            return self._api.create_release(
                self.tag,
                None,  # the tag is there; GitHub would hold a commit's workflow files against the token
                name=notes.title(bundle.manifest),
                body=notes.text(bundle.manifest, None, self._web),  # what changed is told when it is published
                draft=True,
                prerelease=False,
                make_latest="false",
            )

        made, new = ensure(self._http, self._release_or_draft, make)
        chosen = self._release_or_draft() or made
        if new and chosen.id != made.id:
            self._api.delete_release(made.id)
        return chosen


def wanted(bundle: Bundle) -> list[Wanted]:
    """Lists all files, and the manifest once more as `channel.json`, which is where clients of `latest` look."""
    manifest = bundle.manifest.to_json().encode()
    files = [Wanted(each.name, each.digest, each.path, each.kind == "manifest") for each in bundle.assets]
    return [*files, Wanted(CURRENT, digest_of(manifest), manifest, names_others=True)]


def _published(releases: "Iterator[Release] | list[Release]") -> Iterator[tuple[Version, Release]]:
    for release in releases:
        if not release.draft and not release.prerelease:
            try:
                yield Version.prod(release.tag), release
            except VersionError:
                continue


def _is_below(latest: Release, version: Version) -> bool:
    """Tells whether `latest` is to move up to the version. A release of no version is below all."""
    stands = next((each for each, _ in _published([latest])), None)
    return stands is None or stands.precedence < version.precedence


def _fenced(version: Version, releases: "Iterator[Release] | list[Release]") -> FencedError | None:
    newest = max((each for each, _ in _published(releases)), key=lambda each: each.precedence, default=None)
    if newest is None or newest.precedence <= version.precedence:
        return None
    return FencedError(f"{version} is below {newest}, the newest release", remedy=f"release a version above {newest}")
