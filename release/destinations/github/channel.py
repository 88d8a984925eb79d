"""`channel.json` of the dev release, and how another one takes its place.

GitHub can't replace an asset, so three names take turns:

    channel.new.json   uploaded and checked, read by nobody
    channel.json       renamed to channel.old.json; then the new one is renamed to this
    channel.old.json   what readers take in the moment between the two renames; deleted only while channel.json stands

Runs may do this at the same time. Each looks before every step, addresses assets by id, and goes by whoever the fence
says has the channel: whichever run makes the last change sees that it is right, or puts it right.

What stands as channel.new.json may be another run's, which is about to rename it in. A deletion that was decided on just
before would then hit channel.json. So where it is of a newer build than channel.json, it is renamed in and not deleted:
runs help each other forwards. Only what nobody can want to rename in is ever deleted.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from release.destinations.github.api import Api
from release.destinations.github.assets import AssetError, Assets, Wanted
from release.destinations.github.model import Asset
from release.destinations.github.retention import manifest_of
from release.transport.content import Digest
from release.transport.http import HttpError
from viberun.version import Order

CURRENT = "channel.json"
NEW = "channel.new.json"
OLD = "channel.old.json"


@dataclass(frozen=True)
class Upload:
    """Bring `channel.new.json`."""


@dataclass(frozen=True)
class Delete:
    """Take away what is not needed, or in the way."""

    asset: int


@dataclass(frozen=True)
class Wait:
    """Another run may be uploading `channel.new.json`: in so many seconds that has ended, or been given up."""

    seconds: float


@dataclass(frozen=True)
class Swap:
    """Rename: `current`, if there is one, to old, and then `new` to current."""

    current: int | None
    new: int


Step = Upload | Delete | Wait | Swap


def next_step(assets: Sequence[Asset], target: Digest, silence: float) -> Step | None:
    """Tells what leads towards a `channel.json` with the target's content; None when there is nothing left to do.

    `silence` is the age in seconds from which an unfinished upload has been given up.
    """
    by_name = {asset.name: asset for asset in assets}
    current, new, old = (by_name.get(name) for name in (CURRENT, NEW, OLD))
    if new is not None and not new.uploaded and new.age < silence:
        return Wait(silence - new.age)
    if current is not None and not current.uploaded:
        return Delete(current.id)
    if current is not None and _is(current, target):
        return Delete(new.id) if new else None
    if new is None:
        return Upload()
    if not _is(new, target) and not _leads_forwards(new, current or old, assets):
        return Delete(new.id)
    if current is not None and old is not None:
        return Delete(old.id)
    return Swap(current.id if current else None, new.id)


def perform(step: Upload | Delete | Swap, api: Api, assets: Assets, target: Wanted) -> Asset | None:
    """Takes the step; returns what it brought. Another run may be faster, which is no error: the next look tells."""
    try:
        match step:
            case Upload():
                return assets.upload(target)
            case Delete(asset):
                api.delete_asset(asset)
            case Swap(current, new):
                if current is not None:
                    api.rename_asset(current, OLD)
                api.rename_asset(new, CURRENT)
    except AssetError:
        pass  # the other run's, under the name that is to be ours
    except HttpError as error:
        if error.status not in (404, 422):
            raise
    return None


def _leads_forwards(new: Asset, standing: Asset | None, assets: Sequence[Asset]) -> bool:
    """Tells whether `new` is the manifest of a newer build than `standing` is; both are known by the manifests staged."""
    builds = {asset.sha256: version for asset in assets if asset.uploaded and (version := manifest_of(asset.name))}
    after, before = (builds.get(asset.sha256) if asset else None for asset in (new, standing))
    return after is not None and (before is None or after.compare(before) is Order.NEWER)


def _is(asset: Asset, target: Digest) -> bool:
    return asset.uploaded and asset.sha256 == target.sha256
