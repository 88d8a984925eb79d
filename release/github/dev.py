"""The dev release: one release and one tag, `dev`, that every commit on main passes through."""

from collections.abc import Iterator
from dataclasses import dataclass

from release.bundle import Bundle
from release.content import Moved, digest_of
from release.github import notes, retention
from release.github.api import SPENT, Api
from release.github.assets import MOST, Assets, Wanted, difference
from release.github.channel import CURRENT, NEW, OLD, next_step, perform
from release.github.fence import Fence
from release.github.model import Asset, Release
from release.http import Http, ensure
from viberun.errors import ViberunError
from viberun.manifest import Manifest

TAG = "dev"
_ROUNDS = 200


class ChannelError(ViberunError):
    """The channel did not come to stand where it should."""


@dataclass(frozen=True)
class Standing:
    """Whose the channel is: the commit, the manifest that goes with it, and its bytes."""

    commit: str
    manifest: Manifest
    content: bytes

    @property
    def wanted(self) -> Wanted:
        return Wanted(NEW, digest_of(self.content), self.content)


class DevRelease:
    """The steps of `release.destinations.github` for the dev channel."""

    tag = TAG

    def __init__(self, http: Http, api: Api, web: str, keep: int, force: bool) -> None:
        self._http = http
        self._api = api
        self._web = web
        self._keep = keep
        self._force = force
        self._fence = Fence(http, api, TAG)

    def problems(self, bundle: Bundle) -> Iterator[str]:
        """Why this could not become the dev release. Changes nothing."""
        commit = bundle.manifest.build.commit
        if not self._force and self._api.has_commit(commit) and (obstacle := self._fence.obstacle(commit)):
            yield str(obstacle)
        release = self._api.release(TAG)
        if release is None:
            yield from self._unwelcome()
            return
        if release.immutable:
            yield f"the release 'dev' is immutable, and no build can be added to it; {SPENT}"
        there = self._api.assets(release.id)
        gap = difference(wanted(bundle), there)
        yield from gap.conflicts
        if len(there) + len(gap.missing) + 2 > MOST:
            yield f"the release 'dev' has {len(there)} assets of {MOST} at most; release with a smaller --keep"

    def _unwelcome(self) -> Iterator[str]:
        """Why a release that is made now could not be changed. Actions' token may not know, but sees others."""
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
        """What `stage`, `claim` and `promote` would do: verb, subject, bytes."""
        release = self._api.release(TAG)
        there = self._api.assets(release.id) if release else []
        if release is None:
            yield "create", "release dev", None
        for file in difference(wanted(bundle), there).missing:
            yield "upload", file.name, file.digest.size
        holder, build = self._fence.holder(), bundle.manifest.build
        if holder != build.commit:
            yield "move", f"ref dev from {(holder or 'nothing')[:7]} to {build.commit[:7]}", None
        target = digest_of(bundle.manifest.to_json().encode())
        if next_step(there, target, self._http.patience.silence) is not None:
            yield "swap", CURRENT, target.size
        for asset in self._expired(bundle.manifest, there):
            yield "delete", asset.name, None

    def stage(self, bundle: Bundle, expect: Moved, moved: Moved) -> int:
        """Uploads what is missing; returns how many files."""
        return self._assets(self._release(bundle)).bring(wanted(bundle), expect, moved)

    def claim(self, bundle: Bundle) -> bool:
        """Takes the channel; False if this commit has it."""
        commit = bundle.manifest.build.commit
        moved = self._fence.claim(commit, force=self._force)
        if moved and not self._force and (there := self._named(CURRENT, self._api.assets(self._the_release().id))):
            self._fence.give_back(commit, there.build.commit)
        return moved

    def standing(self, bundle: Bundle) -> Manifest:
        """The manifest of the build that has the channel: this one, or another that has claimed it since."""
        if self._fence.settled(bundle.manifest.build.commit) == bundle.manifest.build.commit:
            return bundle.manifest
        return self._standing(bundle, self._api.assets(self._the_release().id)).manifest

    def promote(self, bundle: Bundle) -> bool:
        """Brings `channel.json` to whoever has the channel, and the page with it; False if nothing had to change.

        Ends only when, after the last change, all is as the ref says.
        """
        release, changed, described, pruned = self._the_release(), False, set[str](), False
        assets = self._assets(release)
        for _ in range(_ROUNDS):
            there = assets.list()
            standing = self._standing(bundle, there)
            step = next_step(there, standing.wanted.digest, self._http.patience.silence)
            if step is not None:
                changed |= perform(step, self._http, self._api, assets, standing.wanted)
            elif self._describe(standing, there, described):
                changed = True
            elif not pruned and self._prune(standing, there):
                changed = pruned = True
            elif self._fence.holder() == standing.commit:
                return changed
        raise ChannelError(
            f"{CURRENT} did not come to rest in {_ROUNDS} steps",
            remedy="see that no other run is at it, and release again",
        )

    def _release(self, bundle: Bundle) -> Release:
        """The release, made at this commit where there is none: with it GitHub makes the ref, so this is a claim too."""

        def make() -> Release:
            build = bundle.manifest.build
            name, body = notes.title(bundle.manifest), "The first build is on its way."
            return self._api.create_release(
                TAG, build.commit, name=name, body=body, draft=False, prerelease=True, make_latest="false"
            )

        release, _ = ensure(self._http, lambda: self._api.release(TAG), make)
        return release

    def _the_release(self) -> Release:
        release = self._api.release(TAG)
        if release is None:
            raise ChannelError("the release 'dev' is gone", remedy="release again")
        return release

    def _assets(self, release: Release) -> Assets:
        return Assets(self._http, self._api, release)

    def _standing(self, bundle: Bundle, there: list[Asset]) -> Standing:
        """Whose the channel is. Another run's manifest was staged before it could claim."""
        holder = self._fence.settled(bundle.manifest.build.commit)
        if holder == bundle.manifest.build.commit:
            return Standing(holder, bundle.manifest, bundle.manifest.to_json().encode())
        for asset in there:
            version = retention.version_of(asset.name)
            if (
                asset.uploaded
                and asset.name.endswith(".json")
                and version
                and (holder or "").startswith(version.sha or "-")
            ):
                content = self._api.download(asset.id).content
                manifest = Manifest.parse(content)
                if manifest.build.commit == holder:
                    return Standing(holder, manifest, content)
        raise ChannelError(f"ref dev stands at {holder}, and no build of that commit is staged", remedy="release it")

    def _describe(self, standing: Standing, there: list[Asset], described: set[str]) -> bool:
        """Writes the release's page; False if it reads so already, or this text was `described` before."""
        before = self._named(OLD, there)
        changes = self._api.compare(before.build.commit, standing.commit) if before else None
        title, body = notes.title(standing.manifest), notes.text(standing.manifest, before, changes, self._web)
        release = self._the_release()
        if body in described or (release.name, _lines(release.body)) == (title, _lines(body)):
            return False
        described.add(body)
        texts: dict[str, str | bool] = {"name": title, "body": body, "prerelease": True, "make_latest": "false"}
        self._api.update_release(release.id, texts)
        return True

    def _prune(self, standing: Standing, there: list[Asset]) -> bool:
        """Deletes builds that have had their time; False if there are none."""
        leaving = self._expired(standing.manifest, there)
        for asset in leaving:
            self._api.delete_asset(asset.id)
        return bool(leaving)

    def _expired(self, current: Manifest, there: list[Asset]) -> list[Asset]:
        before = self._named(OLD, there)
        needed = {manifest.build.version for manifest in (current, before) if manifest}
        return retention.expired(there, self._keep, needed)

    def _named(self, name: str, there: list[Asset]) -> Manifest | None:
        """The manifest that has the name now."""
        asset = next((asset for asset in there if asset.name == name and asset.uploaded), None)
        return Manifest.parse(self._api.download(asset.id).content) if asset else None


def wanted(bundle: Bundle) -> list[Wanted]:
    """The files under versioned names; the manifest names the others, so that a build with a manifest is all there."""
    files = [Wanted(each.name, each.digest, each.path, each.kind == "manifest") for each in bundle.assets]
    return sorted(files, key=lambda file: file.names_others)


def _lines(body: str) -> list[str]:
    return [line.rstrip() for line in body.strip().splitlines()]
