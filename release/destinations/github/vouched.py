"""The builds that a release's manifests tell of, as far as the own repository vouches for them: whoever may write to a release
could have put the others there."""

from collections.abc import Sequence

from release.destinations.destination import Published
from release.destinations.github.api import Api
from release.destinations.github.model import Asset
from release.driver.outcome import StaleError
from release.signing.signer import Signer, repository_of
from release.transport.http import HttpError
from viberun.build import Build
from viberun.errors import ManifestError
from viberun.manifest import Manifest
from viberun.sigstore.bundle import MOST_BYTES
from viberun.sigstore.errors import SignatureError


class Vouched:
    """Reads every asset once; the repository is that of the `own` build."""

    def __init__(self, api: Api, signer: Signer, own: Build) -> None:
        self._api = api
        self._signer = signer
        self._trusted = repository_of(own)
        self._contents = dict[int, bytes]()
        self._builds = dict[tuple[int, int], Published | None]()

    def named(self, name: str, there: Sequence[Asset]) -> Published | None:
        """Returns the build whose manifest has the name, as the assets were listed. Raises StaleError."""
        return next((self.build(asset, there) for asset in there if asset.name == name and asset.uploaded), None)

    def build(self, manifest: Asset, there: Sequence[Asset]) -> Published | None:
        """Returns it if its good signature is there too, None for anything else. Raises StaleError."""
        content = self._content(manifest)
        try:
            build = Manifest.parse(content)
        except ManifestError:
            return None
        signature = next((each for each in there if each.name == build.signature_name and each.uploaded), None)
        if signature is None or signature.size > MOST_BYTES:
            return None
        if (manifest.id, signature.id) not in self._builds:
            try:
                self._signer.check(build, self._content(signature), content, self._trusted)
                found = Published(build, content)
            except SignatureError:
                found = None
            self._builds[manifest.id, signature.id] = found
        return self._builds[manifest.id, signature.id]

    def _content(self, asset: Asset) -> bytes:
        """Downloads it once. Raises StaleError where another run has deleted it."""
        if asset.id not in self._contents:
            try:
                self._contents[asset.id] = self._api.download(asset.id).content
            except HttpError as error:
                if error.status == 404:
                    raise StaleError(f"{asset.name} changes all the time", remedy="release again") from error
                raise
        return self._contents[asset.id]
