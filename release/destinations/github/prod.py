"""A prod release: staged in a draft, which only those see who can push, and published in one step.

The tag was there first: whoever pushes `vX.Y.Z` asks for the release. Works with immutable releases, since nothing changes
after the draft is published.
"""

from collections.abc import Callable, Iterator

from release.bundle.model import Bundle
from release.destinations.destination import Published
from release.destinations.github import notes
from release.destinations.github.api import Api
from release.destinations.github.assets import MOST, AssetError, Assets, Wanted, difference
from release.destinations.github.changes import Changes
from release.destinations.github.channel import CURRENT
from release.destinations.github.fence import FencedError
from release.destinations.github.model import Release
from release.destinations.github.vouched import Vouched
from release.driver.outcome import Change, StaleError
from release.driver.progress import Meter
from release.transport.content import digest_of
from release.transport.http import Http, UnansweredError
from viberun.errors import VersionError, ViberunError
from viberun.manifest import Manifest
from viberun.version import Version


class ProdRelease:
    """The steps of `release.destinations.github.destination` for the prod channel. `signature` returns the good one of a build,
    once it was seen."""

    def __init__(
        self,
        http: Http,
        api: Api,
        vouched: Vouched,
        signature: Callable[[Bundle], bytes | None],
        web: str,
        tag: str,
    ) -> None:
        self._http = http
        self._api = api
        self._vouched = vouched
        self._signature = signature
        self._web = web
        self.tag = tag
        self._made = 0
        self._published: Release | None = None

    def problems(self, bundle: Bundle, meter: Meter) -> Iterator[str]:
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
        if release := self.staged():
            there = self._api.assets(release.id)
            gap, signature = difference(wanted(bundle), there), bundle.manifest.signature_name
            yield from gap.conflicts
            missing = [file.name for file in gap.missing]
            missing += [] if any(asset.name == signature for asset in there) else [signature]
            if release.immutable and missing:
                names = ", ".join(missing)
                yield f"the release {self.tag} is immutable and lacks {names}; release the next version"
            elif gap.missing and not release.draft:
                meter.note(
                    f"{release.html_url} was published by hand, without {len(gap.missing)} of its files: who asks for the latest"
                    " release misses them until this one is through"
                )
            if len(there) + len(missing) > MOST:
                yield f"the release {self.tag} would have more than {MOST} assets"

    def forcible(self, bundle: Bundle) -> Iterator[str]:
        """Nothing is forced for prod."""
        return iter(())

    def stage(self, bundle: Bundle) -> Iterator[Change]:
        """The files, in a draft. Of two drafts that were made at once the younger one goes."""
        release, drafts = self._release(), self._drafts()
        chosen = release or next(iter(drafts), None)
        if chosen is None:
            yield Change("create", f"draft {self.tag}", make=lambda meter: self._create(bundle, meter), last=True)
        if chosen and chosen.id != self._made in {draft.id for draft in drafts}:
            yield Change("delete", f"draft {self._made}", make=lambda meter: self._api.delete_release(self._made))
        there = self._api.assets(chosen.id) if chosen else []
        yield from Assets(self._http, self._api, chosen).uploads(wanted(bundle), there)

    def claim(self, bundle: Bundle) -> Iterator[Change]:
        """The draft, published. `latest` stays, since the other places have nothing of this yet.

        Raises FencedError below the newest release and where the tag has moved.
        """
        if self._published:
            return
        if fenced := _fenced(bundle.manifest.build.version, self._api.releases()):
            raise fenced
        if self._release() is None:
            yield Change("publish", f"release {self.tag}", make=lambda meter: self._publish(bundle))

    def _publish(self, bundle: Bundle) -> None:
        """Raises FencedError where the tag has moved, and AssetError unless the draft is whole."""
        build = bundle.manifest.build
        if (stands := self._api.tag_commit(self.tag)) != build.commit:
            raise FencedError(f"the tag {self.tag} is on {stands}, not on {build.commit}", remedy="build what it is on")
        draft = self._whole_draft(bundle)
        body = notes.beside(draft.body, notes.text(bundle.manifest, self._changes(bundle.manifest), self._web))
        latest = "true" if self._api.latest() is None else "false"  # the first of all is it in any case
        facts: dict[str, str | bool] = {"tag_name": self.tag, "draft": False, "prerelease": False}
        published = self._api.update_release(draft.id, {**facts, "make_latest": latest, "body": body})
        if published.draft or published.tag != self.tag:
            what = "still a draft" if published.draft else f"under the tag {published.tag}"
            raise ViberunError(
                f"the release {self.tag} is {what}", remedy="look at its page on GitHub, and release again"
            )
        self._published = published

    def holder(self, bundle: Bundle) -> Published:
        """Returns the newest release that is signed: this one, or another that was published since."""
        own = bundle.manifest.build.version
        for version, newer in self._newest_first():
            if version.precedence <= own.precedence:
                break
            held = self._vouched.named(CURRENT, self._api.assets(newer.id))
            if held and held.manifest.build.version == version:
                return held
        return Published.of(bundle)

    def promote(self, held: Published) -> Iterator[Change]:
        """GitHub's `latest`, which only ever moves up."""
        version, latest = held.manifest.build.version, self._api.latest()
        if latest is None or _is_below(latest, version):
            subject = f"latest from {latest.tag if latest else 'nothing'} to {version.git}"
            yield Change("move", subject, make=lambda meter: self._move_latest(version))

    def _move_latest(self, version: Version) -> None:
        release = self._release() if version.git == self.tag else self._api.release(version.git)
        if release is None:
            raise StaleError(f"the release {version.git} is not there yet", remedy="run the same command again")
        self._api.update_release(release.id, {"make_latest": "true"})

    def _newest_first(self) -> list[tuple[Version, Release]]:
        """Picks from what GitHub lists and this one, since its list can lag behind."""
        own = self._release()
        published = list(_published([*self._api.releases(), *([own] if own else [])]))
        if not published:
            raise ViberunError("GitHub lists no release yet", remedy="run the same command again")
        return sorted(published, key=lambda pair: pair[0].precedence, reverse=True)

    def _changes(self, manifest: Manifest) -> Changes | None:
        """Compares with the newest release below this one; None where there is none, or its tag is gone."""
        version = manifest.build.version
        below = [pair for pair in _published(self._api.releases()) if pair[0].precedence < version.precedence]
        if not below:
            return None
        before, release = max(below, key=lambda pair: pair[0].precedence)
        commit = self._api.tag_commit(release.tag)
        return Changes.between(self._api, before, commit, manifest.build.commit) if commit else None

    def _release(self) -> Release | None:
        """Returns the published release."""
        self._published = self._published or self._api.release(self.tag)
        return self._published

    def staged(self) -> Release | None:
        """Returns what the files are in: the published release, else the oldest draft: all runs must agree on one."""
        return self._release() or next(iter(self._drafts()), None)

    def _drafts(self) -> list[Release]:
        """Lists them, the oldest first."""
        drafts = [release for release in self._api.releases() if release.tag == self.tag]
        return sorted(drafts, key=lambda release: (release.draft, release.id))

    def _whole_draft(self, bundle: Bundle) -> Release:
        """Returns the oldest draft that has all files, and the good signature: one that was published without could never be
        completed."""
        reasons, files, name = [f"there is no draft of {self.tag}"], wanted(bundle), bundle.manifest.signature_name
        if signature := self._signature(bundle):
            files.append(Wanted(name, digest_of(signature), signature))
        for draft in self._drafts():
            gap = difference(files, self._api.assets(draft.id))
            lacking = [f"{file.name}: not there" for file in gap.missing] + list(gap.conflicts)
            if not signature:
                lacking.append(f"{name}: not there")
            if not lacking:
                return draft
            reasons = lacking
        raise AssetError(f"the draft of {self.tag} is not what was staged", reasons, remedy="release again")

    def _create(self, bundle: Bundle, meter: Meter) -> None:
        body = notes.text(bundle.manifest, None, self._web)  # what changed is told when it is published
        try:
            made = self._api.create_release(
                self.tag,
                None,  # the tag is there; GitHub would hold a commit's workflow files against the token
                name=notes.title(bundle.manifest),
                body=notes.beside("", body),
                draft=True,
                prerelease=False,
                make_latest="false",
            )
        except UnansweredError:
            if not self._http.wait_until(lambda: bool(self._drafts()), meter.note, self._http.patience.silence):
                raise
        else:
            self._made = made.id


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
