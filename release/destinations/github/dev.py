"""The dev release: one release and one tag, `dev`, that every commit on main passes through."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from release.bundle.model import Bundle
from release.destinations.destination import Published
from release.destinations.github import notes, retention
from release.destinations.github.api import SPENT, Api
from release.destinations.github.assets import MOST, Assets, Wanted, difference
from release.destinations.github.changes import Changes
from release.destinations.github.channel import CURRENT, NEW, OLD, Delete, Swap, Upload, Wait, next_step, perform
from release.destinations.github.fence import DivergedError, Fence, FencedError
from release.destinations.github.model import Asset, Release
from release.destinations.github.retention import Keep
from release.destinations.github.vouched import Vouched
from release.driver.outcome import Change
from release.driver.progress import Meter
from release.transport.content import digest_of
from release.transport.http import Http, HttpError, UnansweredError
from viberun.errors import ViberunError
from viberun.manifest import Manifest

TAG = "dev"


class ChannelError(ViberunError):
    """The channel did not come to stand where it should."""


class DevRelease:
    """The steps of `release.destinations.github.destination` for the dev channel."""

    tag = TAG

    def __init__(self, http: Http, api: Api, vouched: Vouched, web: str, keep: Keep, force: bool) -> None:
        self._http = http
        self._api = api
        self._vouched = vouched
        self._web = web
        self._keep = keep
        self._force = force
        self._fence = Fence(api, TAG, http.waits)
        self._described = set[str]()
        self._pruned = False
        self._compared = dict[tuple[str, str], Changes]()
        self._release: Release | None = None
        self._brought: Asset | None = None
        """The channel.new.json that this run uploaded, as long as GitHub does not list it."""

    def problems(self, bundle: Bundle, meter: Meter) -> Iterator[str]:
        """Tells why this could not become the dev release. Changes nothing."""
        holder = self._fence.holder()
        obstacle = self._obstacle(bundle, holder)
        if obstacle and not isinstance(obstacle, DivergedError):
            yield str(obstacle)
        needed = "update" if holder else "creation"
        for name, rules in self._api.tag_rules(TAG).items():
            if needed in rules or (self._force and "non_fast_forward" in rules):
                yield (
                    f"the ruleset {name!r} protects tags, so dev could not move; exclude the tag dev from it, or let this"
                    " token bypass it (Settings, Rules, Rulesets)"
                )
        release = self.staged()
        if release is None or release.draft:
            yield from self._immutability_problems()
        if release is None:
            return
        if release.immutable:
            yield f"the release 'dev' is immutable, and no build can be added to it; {SPENT}"
        there = self._api.assets(release.id)
        gap = difference(wanted(bundle), there)
        yield from gap.conflicts
        standing = self._manifest_named(CURRENT, there) if self._force else None
        if standing and standing.build.version.precedence > bundle.manifest.build.version.precedence:
            yield (
                f"dev stands at {standing.build.version}, which is newer, and no place goes back, --force or not;"
                " release a commit whose version is higher, as 'git revert' makes one"
            )
        many = f"the release 'dev' has {len(there)} of {MOST} assets"
        meter.note_usage(
            len(there), MOST, many, "a smaller --keep, or //release:prune, deletes before room has to be made"
        )
        if (excess := self._excess(bundle, there)) > 0 and excess > len(self._superseded(bundle, there)):
            yield f"the release 'dev' has {len(there)} assets of {MOST} at most; release with a smaller --keep"

    def forcible(self, bundle: Bundle) -> Iterator[str]:
        """Tells why this could become the dev release by `--force` alone."""
        obstacle = self._obstacle(bundle, self._fence.holder())
        if isinstance(obstacle, DivergedError):
            yield str(obstacle)

    def _obstacle(self, bundle: Bundle, holder: str | None) -> FencedError | None:
        commit = bundle.manifest.build.commit
        return None if self._force or not self._api.has_commit(commit) else self._fence.obstacle(commit, holder)

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

    def stage(self, bundle: Bundle) -> Iterator[Change]:
        """The files under names with their version, and room for them where there is none.

        A release that is made comes with the ref, so that is a claim too. One without its tag is a draft: then it gets the tag
        where its channel stands, and is published again.
        """
        release = self.staged()
        if release is None:
            yield Change("create", "release dev", make=lambda meter: self._create(bundle), last=True)
        elif release.draft:
            yield Change("publish", "release dev", make=lambda meter: self._publish(bundle, release), last=True)
        there = self._api.assets(release.id) if release else []
        if self._excess(bundle, there) > 0:
            yield from self._deletions(self._superseded(bundle, there), needed=True)
        yield from self._assets(release).uploads(wanted(bundle), there)

    def claim(self, bundle: Bundle) -> Iterator[Change]:
        """The ref, unless this commit has it."""
        commit = bundle.manifest.build.commit
        for change in self._fence.claim(commit, force=self._force):

            def make(meter: Meter, move: Change = change) -> None:
                assert move.make
                move.make(meter)
                if not self._force and (
                    there := self._manifest_named(CURRENT, self._api.assets(self._published_release().id))
                ):
                    self._fence.give_back(commit, there.build.commit)

            yield replace(change, make=make)

    def holder(self, bundle: Bundle) -> Published:
        """Returns the build that has the channel: this one, or another that has claimed it since, which was staged before."""
        commit = self._fence.reclaim(bundle.manifest.build.commit)
        if commit == bundle.manifest.build.commit:
            return Published.of(bundle)
        for asset in (there := self._api.assets(self._published_release().id)):
            held = self._vouched.build(asset, there) if _manifest_of(asset, commit or "") else None
            if held and held.manifest.build.commit == commit:
                return held
        raise ChannelError(
            f"ref dev stands at {commit}, and no signed build of that commit is there", remedy="release it"
        )

    def promote(self, held: Published) -> Iterator[Change]:
        """`channel.json`, then the page, then what has had its time. A newer build's is left alone: the ref will show whose."""
        release = self._release or self.staged()
        there = self._with_brought(self._api.assets(release.id) if release else [])
        now = self._manifest_named(CURRENT, there)
        if now and now.build.version.precedence > held.manifest.build.version.precedence:
            yield Change("", f"{CURRENT} is of {now.build.version}, and the ref dev of an older one", last=True)
            return
        target, before, silence = digest_of(held.content), OLD, self._http.patience.silence
        if (step := next_step(there, target, silence)) is not None:
            # Another run's upload ends by itself, or has been given up after a while.
            swap = None if isinstance(step, Wait) else self._swap(release, step, Wanted(NEW, target, held.content))
            # The same step of another state of affairs is another one.
            seen = frozenset((asset.id, asset.name) for asset in there if asset.name in (CURRENT, NEW, OLD))
            yield Change("swap", CURRENT, target.size, swap, last=True, state=(step, target, seen))
            before = CURRENT  # as it is now
        standing = self._manifest_named(before, there)
        yield from self._page(held.manifest, standing, release)
        if not self._pruned:  # a release deletes its share, and the next one goes on
            room = len(held.manifest.files) + 4  # for the next build
            yield from self._deletions(self._expired(held.manifest, standing, there, room))

    def _create(self, bundle: Bundle) -> None:
        name, body = notes.title(bundle.manifest), "The first build is on its way."
        commit = bundle.manifest.build.commit
        self._release = self._api.create_release(
            TAG, commit, name=name, body=body, draft=False, prerelease=True, make_latest="false"
        )

    def _publish(self, bundle: Bundle, draft: Release) -> None:
        if self._fence.holder() is None:
            standing = self._manifest_named(CURRENT, self._api.assets(draft.id))
            commit = standing.build.commit if standing else bundle.manifest.build.commit
            self._api.create_tag(TAG, commit if self._api.has_commit(commit) else bundle.manifest.build.commit)
        facts: dict[str, str | bool] = {"tag_name": TAG, "draft": False, "prerelease": True, "make_latest": "false"}
        self._release = self._api.update_release(draft.id, facts)

    def _swap(self, release: Release | None, step: Upload | Delete | Swap, target: Wanted) -> Callable[[Meter], None]:
        def swap(meter: Meter) -> None:
            self._brought = perform(step, self._api, self._assets(release), target)

        return swap

    def _with_brought(self, there: list[Asset]) -> list[Asset]:
        """Adds what this run brought, which may be in the way of another that GitHub lists already."""
        if self._brought and all(asset.id != self._brought.id for asset in there):
            return [*there, self._brought]
        self._brought = None
        return there

    def staged(self) -> Release | None:
        """Returns what the files are in: the release, if need be as it was last, else the oldest draft of it."""
        self._release = self._api.release(TAG) or self._release
        drafts = () if self._release else (each for each in self._api.releases() if each.tag == TAG)
        return self._release or min(drafts, key=lambda release: release.id, default=None)

    def _published_release(self) -> Release:
        """Returns it as it was when it was last looked at."""
        release = self._release or self._api.release(TAG)
        if release is None:
            raise ChannelError("the release 'dev' is gone", remedy="release again")
        return release

    def _assets(self, release: Release | None) -> Assets:
        return Assets(self._http, self._api, release)

    def _page(self, current: Manifest, before: Manifest | None, release: Release | None) -> Iterator[Change]:
        """Tells whether the release's page has to be written. No release fails for that."""
        changes = None
        if before:
            since, head = before.build, current.build.commit
            if (since.commit, head) not in self._compared:
                self._compared[since.commit, head] = Changes.between(self._api, since.version, since.commit, head)
            changes = self._compared[since.commit, head]
        title, body = notes.title(current), notes.text(current, changes, self._web)
        if body in self._described or (release and (release.name, _lines(release.body)) == (title, _lines(body))):
            return

        def write(meter: Meter) -> str | None:
            self._described.add(body)
            texts: dict[str, str | bool] = {"name": title, "body": body, "prerelease": True, "make_latest": "false"}
            try:
                self._api.update_release(self._published_release().id, texts)
            except (HttpError, UnansweredError) as error:
                return f"the page is as it was ({error.message})"
            return None

        yield Change("write", "the page of the release dev", make=write, state=body)

    def _deletions(self, leaving: list[Asset], *, needed: bool = False) -> Iterator[Change]:
        for asset in leaving:
            yield Change("delete", asset.name, make=self._deletion(asset.id, needed=needed), state=asset.id)

    def _deletion(self, asset: int, *, needed: bool) -> Callable[[Meter], str | None]:
        """Deletes it; what needs no room to be made fails no release."""

        def delete(meter: Meter) -> str | None:
            self._pruned = not needed
            try:
                self._api.delete_asset(asset)
            except (HttpError, UnansweredError):
                if needed:
                    raise
                return "not all was deleted that has had its time, which is left to the next release"
            return None

        return delete

    def _expired(self, current: Manifest, before: Manifest | None, there: list[Asset], room: int) -> list[Asset]:
        """Tells what has had its time, or is in the way of so many assets."""
        needed = {before.build.version} if before else ()
        return retention.expired(there, self._keep, current.build.version, needed, MOST - room)

    def _superseded(self, bundle: Bundle, there: list[Asset]) -> list[Asset]:
        """Tells what has had its time before another build comes. Where nobody vouches for what stands the new one counts."""
        standing = self._manifest_named(CURRENT, there) or bundle.manifest
        return self._expired(standing, self._manifest_named(OLD, there), there, self._room(bundle, there))

    def _excess(self, bundle: Bundle, there: list[Asset]) -> int:
        """Tells how many assets too many there would be."""
        return len(there) + self._room(bundle, there) - MOST

    def _room(self, bundle: Bundle, there: list[Asset]) -> int:
        """Tells how many assets are to come, with the signature and both names of the channel."""
        signed = any(asset.name == bundle.manifest.signature_name for asset in there)
        return len(difference(wanted(bundle), there).missing) + (2 if signed else 3)

    def _manifest_named(self, name: str, there: list[Asset]) -> Manifest | None:
        """Returns that of a build that the own repository vouches for; any other is nobody's. Raises StaleError."""
        build = self._vouched.named(name, there)
        return build.manifest if build else None


def _manifest_of(asset: Asset, commit: str) -> bool:
    """Tells whether it may be the staged manifest of a build of the commit."""
    version = retention.manifest_of(asset.name)
    return asset.uploaded and version is not None and commit.startswith(version.sha or "-")


def wanted(bundle: Bundle) -> list[Wanted]:
    """Returns the files under versioned names; the manifest names the others, so that a build with a manifest is all there."""
    files = [Wanted(each.name, each.digest, each.path, each.kind == "manifest") for each in bundle.assets]
    return sorted(files, key=lambda file: file.names_others)


def _lines(body: str) -> list[str]:
    return [line.rstrip() for line in body.strip().splitlines()]
