"""The dev release: one release and one tag, `dev`, that every commit on main passes through."""

from collections.abc import Iterator
from dataclasses import dataclass

from release.bundle.model import Bundle
from release.destinations.github import notes, retention
from release.destinations.github.api import SPENT, Api
from release.destinations.github.assets import MOST, Assets, Wanted, difference
from release.destinations.github.changes import Changes
from release.destinations.github.channel import CURRENT, NEW, OLD, Wait, next_step, perform
from release.destinations.github.fence import Fence
from release.destinations.github.model import Asset, Release
from release.transport.content import Moved, digest_of
from release.transport.http import Http, HttpError, ensure
from viberun.errors import ViberunError
from viberun.manifest import Manifest

TAG = "dev"
_ROUNDS = 200


class ChannelError(ViberunError):
    """The channel did not come to stand where it should."""


@dataclass(frozen=True)
class Holder:
    """Who holds the channel: the commit, the manifest that goes with it, and its bytes."""

    commit: str
    manifest: Manifest
    content: bytes

    @property
    def wanted(self) -> Wanted:
        return Wanted(NEW, digest_of(self.content), self.content)


class DevRelease:
    """The steps of `release.destinations.github.destination` for the dev channel."""

    tag = TAG

    def __init__(self, http: Http, api: Api, web: str, keep: int, force: bool) -> None:
        self._http = http
        self._api = api
        self._web = web
        self._keep = keep
        self._force = force
        self._fence = Fence(http, api, TAG)

    def problems(self, bundle: Bundle) -> Iterator[str]:
        """Tells why this could not become the dev release. Changes nothing."""
        commit = bundle.manifest.build.commit
        if not self._force and self._api.has_commit(commit) and (obstacle := self._fence.obstacle(commit)):
            yield str(obstacle)
        release = self._release_or_draft()
        if release is None or release.draft:
            yield from self._immutability_problems()
        if release is None:
            return
        if release.immutable:
            yield f"the release 'dev' is immutable, and no build can be added to it; {SPENT}"
        there = self._api.assets(release.id)
        gap = difference(wanted(bundle), there)
        yield from gap.conflicts
        if self._excess(bundle, there) > len(self._superseded(there)):
            yield f"the release 'dev' has {len(there)} assets of {MOST} at most; release with a smaller --keep"

    def _immutability_problems(self) -> Iterator[str]:
        """Tells why a release that is made now could not be changed. Actions' token may not know, but sees others."""
        told = self._api.immutable_releases()
        if told:
            yield (
                "new releases in this repository are immutable, and dev never stops changing; "
                "turn release immutability off in its settings until the release 'dev' exists"
            )
        newest = next((each for each in self._api.releases() if not each.draft), None) if told is None else None
        if newest is not None and newest.immutable:
            yield (
                f"the release {newest.tag} is immutable, so a new one may be too, and dev never stops changing; turn release"
                " immutability off, and release by hand with a token that may read the repository's settings"
                " (administration: read)"
            )

    def changes(self, bundle: Bundle) -> Iterator[tuple[str, str, int | None]]:
        """Tells what `stage`, `claim` and `promote` would do: verb, subject, bytes."""
        release = self._release_or_draft()
        there = self._api.assets(release.id) if release else []
        if release is None or release.draft:
            yield "publish" if release else "create", "release dev", None
        for file in difference(wanted(bundle), there).missing:
            yield "upload", file.name, file.digest.size
        holder, build = self._fence.holder(), bundle.manifest.build
        if holder != build.commit:
            yield "move", f"ref dev from {(holder or 'nothing')[:7]} to {build.commit[:7]}", None
        target, before = digest_of(bundle.manifest.to_json().encode()), OLD
        if next_step(there, target, self._http.patience.silence) is not None:
            yield "swap", CURRENT, target.size
            yield "write", "the page of the release dev", None
            before = CURRENT  # as it is now
        for asset in self._expired(bundle.manifest, self._manifest_named(before, there), there):
            yield "delete", asset.name, None

    def stage(self, bundle: Bundle, expect: Moved, moved: Moved) -> int:
        """Uploads what is missing, having made room for it where there is none; returns how many files."""
        assets = self._assets(self._release(bundle))
        there = assets.list()
        if self._excess(bundle, there) > 0:
            self._delete(self._superseded(there))
        return assets.upload_missing(wanted(bundle), expect, moved)

    def claim(self, bundle: Bundle) -> bool:
        """Takes the channel; False if this commit has it."""
        commit = bundle.manifest.build.commit
        moved = self._fence.claim(commit, force=self._force)
        if (
            moved
            and not self._force
            and (there := self._manifest_named(CURRENT, self._api.assets(self._published_release().id)))
        ):
            self._fence.give_back(commit, there.build.commit)
        return moved

    def holder(self, bundle: Bundle) -> Manifest:
        """Returns the manifest of the build that has the channel: this one, or another that has claimed it since."""
        if self._fence.reclaim(bundle.manifest.build.commit) == bundle.manifest.build.commit:
            return bundle.manifest
        return self._holder(bundle, self._api.assets(self._published_release().id)).manifest

    def promote(self, bundle: Bundle) -> bool:
        """Brings `channel.json` to whoever has the channel, and the page with it; False if nothing had to change.

        Ends only when, after the last change, all is as the ref says. Before the first change a newer build's is left to its
        own run, which may have published it nowhere yet; after it this run can't but help that forwards, see `channel`.
        """
        release, begun, changed, described, pruned = self._published_release(), False, False, set[str](), False
        assets = self._assets(release)
        for _ in range(_ROUNDS):
            there = assets.list()
            holder = self._holder(bundle, there)
            if not begun and holder.commit != bundle.manifest.build.commit:
                return False
            step = next_step(there, holder.wanted.digest, self._http.patience.silence)
            if step is not None:
                begun |= not isinstance(step, Wait)
                changed |= perform(step, self._http, self._api, assets, holder.wanted)
            elif self._describe(holder, there, described):
                begun = changed = True
            elif not pruned and self._prune(holder, there):
                begun = changed = pruned = True
            elif self._fence.holder() == holder.commit:
                return changed
        raise ChannelError(
            f"{CURRENT} did not come to rest in {_ROUNDS} steps",
            remedy="see that no other run is at it, and release again",
        )

    def _release(self, bundle: Bundle) -> Release:
        """Finds the release, or makes it at this commit where there is none: with it comes the ref, so this is a claim too.

        Without its tag it is a draft: then it gets the tag where its channel stands, and is published again.
        """

        def make() -> Release:
            build = bundle.manifest.build
            name, body = notes.title(bundle.manifest), "The first build is on its way."
            return self._api.create_release(
                TAG, build.commit, name=name, body=body, draft=False, prerelease=True, make_latest="false"
            )

        release, _ = ensure(self._http, self._release_or_draft, make)
        if not release.draft:
            return release
        if self._fence.holder() is None:
            standing = self._manifest_named(CURRENT, self._api.assets(release.id))
            commit = standing.build.commit if standing else bundle.manifest.build.commit
            self._fence.claim(commit if self._api.has_commit(commit) else bundle.manifest.build.commit, force=False)
        facts: dict[str, str | bool] = {"tag_name": TAG, "draft": False, "prerelease": True, "make_latest": "false"}
        return self._api.update_release(release.id, facts)

    def _release_or_draft(self) -> Release | None:
        """Returns the release, else the oldest draft of it."""
        published = self._api.release(TAG)
        drafts = () if published else (each for each in self._api.releases() if each.tag == TAG)
        return published or min(drafts, key=lambda release: release.id, default=None)

    def _published_release(self) -> Release:
        release = self._api.release(TAG)
        if release is None:
            raise ChannelError("the release 'dev' is gone", remedy="release again")
        return release

    def _assets(self, release: Release) -> Assets:
        return Assets(self._http, self._api, release)

    def _holder(self, bundle: Bundle, there: list[Asset]) -> Holder:
        """Finds who holds the channel. Another run's manifest was staged before it could claim."""
        commit = None
        for seen in self._listings(there):
            commit = self._fence.reclaim(bundle.manifest.build.commit)
            if commit == bundle.manifest.build.commit:
                return Holder(commit, bundle.manifest, bundle.manifest.to_json().encode())
            contents = [self._content(asset) for asset in seen if _manifest_of(asset, commit or "")]
            for content in filter(None, contents):
                manifest = Manifest.parse(content)
                if manifest.build.commit == commit:
                    return Holder(commit, manifest, content)
            if None not in contents:
                break
        raise ChannelError(f"ref dev stands at {commit}, and no build of that commit is staged", remedy="release it")

    def _describe(self, holder: Holder, there: list[Asset], described: set[str]) -> bool:
        """Writes the release's page; False if it reads so already, or this text was `described` before."""
        before = self._manifest_named(OLD, there)
        changes = None
        if before:
            changes = Changes.between(self._api, before.build.version, before.build.commit, holder.commit)
        title, body = notes.title(holder.manifest), notes.text(holder.manifest, changes, self._web)
        release = self._published_release()
        if body in described or (release.name, _lines(release.body)) == (title, _lines(body)):
            return False
        described.add(body)
        texts: dict[str, str | bool] = {"name": title, "body": body, "prerelease": True, "make_latest": "false"}
        self._api.update_release(release.id, texts)
        return True

    def _prune(self, holder: Holder, there: list[Asset]) -> bool:
        """Deletes builds that have had their time; False if there are none."""
        leaving = self._expired(holder.manifest, self._manifest_named(OLD, there), there)
        self._delete(leaving)
        return bool(leaving)

    def _delete(self, leaving: list[Asset]) -> None:
        for asset in leaving:
            self._api.delete_asset(asset.id)

    def _expired(self, current: Manifest, before: Manifest | None, there: list[Asset]) -> list[Asset]:
        return retention.expired(there, self._keep, current.build.version, {before.build.version} if before else ())

    def _superseded(self, there: list[Asset]) -> list[Asset]:
        """Tells what has had its time before another build comes."""
        standing = self._manifest_named(CURRENT, there)
        return self._expired(standing, self._manifest_named(OLD, there), there) if standing else []

    def _excess(self, bundle: Bundle, there: list[Asset]) -> int:
        """Tells how many assets too many there would be, with both names of the channel."""
        return len(there) + len(difference(wanted(bundle), there).missing) + 2 - MOST

    def _manifest_named(self, name: str, there: list[Asset]) -> Manifest | None:
        """Returns the manifest that has the name, as the assets were listed; as it is now, where it was deleted since."""
        for seen in self._listings(there):
            asset = next((asset for asset in seen if asset.name == name and asset.uploaded), None)
            content = self._content(asset) if asset else None
            if content or asset is None:
                return Manifest.parse(content) if content else None
        raise ChannelError(f"{name} changes all the time", remedy="see that no other run is at it, and release again")

    def _listings(self, there: list[Asset]) -> Iterator[list[Asset]]:
        """Returns the assets as they were listed, and then as they are, for as long as there is patience."""
        yield there
        for tries in range(1, self._http.patience.tries):
            self._http.pause(tries)
            yield self._assets(self._published_release()).list()

    def _content(self, asset: Asset) -> bytes | None:
        """Downloads it; returns None where another run has deleted it."""
        try:
            return self._api.download(asset.id).content
        except HttpError as error:
            if error.status == 404:
                return None
            raise


def _manifest_of(asset: Asset, commit: str) -> bool:
    """Tells whether it may be the staged manifest of a build of the commit."""
    version = retention.version_of(asset.name)
    named = asset.uploaded and asset.name.endswith(".json")
    return named and version is not None and commit.startswith(version.sha or "-")


def wanted(bundle: Bundle) -> list[Wanted]:
    """Returns the files under versioned names; the manifest names the others, so that a build with a manifest is all there."""
    files = [Wanted(each.name, each.digest, each.path, each.kind == "manifest") for each in bundle.assets]
    return sorted(files, key=lambda file: file.names_others)


def _lines(body: str) -> list[str]:
    return [line.rstrip() for line in body.strip().splitlines()]
