"""Which builds stay, of all that the repository's releases have: their manifests, and the assets of dev builds that go."""

from dataclasses import dataclass

from release.destinations.github import retention
from release.destinations.github.api import Api
from release.destinations.github.assets import MOST
from release.destinations.github.channel import CURRENT, NEW, OLD
from release.destinations.github.dev import TAG
from release.destinations.github.model import Asset
from release.destinations.github.retention import Keep
from viberun.errors import ViberunError
from viberun.manifest import Manifest


@dataclass(frozen=True)
class Kept:
    """`standing` is the build that has the dev channel, `manifests` are those of all builds that stay, it among them."""

    standing: Manifest
    manifests: tuple[Manifest, ...]
    expired: tuple[Asset, ...]


def kept(api: Api, keep: Keep) -> Kept:
    """Reads every manifest, of drafts as well; `keep` says which dev builds stay. Raises ViberunError where one can't be read."""
    dev, manifests = list[Asset](), list[Manifest]()

    def read(asset: Asset) -> Manifest:
        return Manifest.parse(api.download(asset.id).content)

    for release in api.releases():
        assets = [asset for asset in api.assets(release.id) if asset.uploaded]
        if release.tag == TAG and not release.draft:
            dev = assets
        else:
            manifests += [read(asset) for asset in assets if asset.name == CURRENT]
    standing = {asset.name: read(asset) for asset in dev if asset.name in (CURRENT, NEW, OLD)}
    if CURRENT not in standing:
        raise ViberunError(f"the release {TAG} has no {CURRENT}", remedy="release the dev channel first")
    now = standing[CURRENT].build.version
    needed = {each.build.version for each in standing.values()}
    expired, left = list[Asset](), dev
    while some := retention.expired(left, keep, now, needed, MOST):
        expired += some
        left = [asset for asset in left if asset not in some]
    builds = (asset for asset in left if retention.manifest_of(asset.name))
    return Kept(standing[CURRENT], (*manifests, *standing.values(), *(read(asset) for asset in builds)), tuple(expired))
