"""The signature of a build: an asset of its release, beside the manifest.

It is not the same bytes whoever makes it, so one that is good is left, and of two runs that sign at once either's may be it.
"""

from collections.abc import Callable, Iterator

from release.destinations.github.api import Api
from release.destinations.github.assets import Assets, Wanted
from release.destinations.github.model import Asset, Release
from release.driver.outcome import Change
from release.driver.progress import Meter
from release.signing.job import NotAllowedError
from release.signing.signer import Signer
from release.transport.content import digest_of
from release.transport.http import Http, HttpError, UnansweredError
from viberun.manifest import Manifest
from viberun.sigstore.bundle import MOST_BYTES
from viberun.sigstore.errors import SignatureError


class Signature:
    """That of one build. `content` is it, once a good one was seen."""

    def __init__(self, http: Http, api: Api, signer: Signer, manifest: Manifest) -> None:
        self._http = http
        self._api = api
        self._signer = signer
        self._manifest = manifest
        self._wrong = dict[int, str]()
        self._stored = False
        self.content: bytes | None = None

    def lacking(self, release: Release | None) -> Iterator[Change]:
        """Tells whether the release, which must be there when it is signed, lacks a good one."""
        name, there = self._manifest.signature_name, self._api.assets(release.id) if release else []
        asset = next((each for each in there if each.name == name), None)
        if asset and asset.uploaded and self._is_good(asset):
            return
        made = self._made(release, asset)
        yield Change("replace" if asset and asset.uploaded else "sign", name, make=made, state=asset and asset.id)

    def unstored(self) -> Iterator[Change]:
        """Tells whether GitHub's own store lacks it, by which `gh attestation verify` finds it. No release fails for that."""
        if self._stored:
            return

        def store(meter: Meter) -> str | None:
            self._stored = True  # or could not be, which another try would not change
            assert self.content
            try:
                self._api.store_attestation(self.content)
            except (HttpError, UnansweredError) as error:
                return f"GitHub's store of attestations does not have it ({error.message})"
            return None

        digest = digest_of(self._manifest.to_json().encode()).sha256
        try:
            there = self._api.has_attestation(digest)
        except (HttpError, UnansweredError):
            there = False
        if not there:
            yield Change("store", "the attestation", make=store)

    def _is_good(self, asset: Asset) -> bool:
        if asset.size > MOST_BYTES:
            self._wrong[asset.id] = f"it has more than {MOST_BYTES} bytes"
        if asset.id not in self._wrong:
            try:
                content = self._api.download(asset.id).content
                self._signer.check(self._manifest, content)
                self.content, self._wrong[asset.id] = content, ""
            except SignatureError as error:
                self._wrong[asset.id] = str(error)
            except HttpError as error:
                if error.status != 404:
                    raise
                return False  # another run has just replaced it
        return not self._wrong[asset.id]

    def _made(self, release: Release | None, left: Asset | None) -> Callable[[Meter], str | None]:
        def make(meter: Meter) -> str | None:
            wrong = left and self._wrong.get(left.id)
            try:
                content = self._signer.sign(self._manifest, meter.note)
            except NotAllowedError as error:
                if not wrong:
                    raise
                said = f"the signature that is there is no good ({wrong}), and {error.message}"
                raise NotAllowedError(said, remedy=error.remedy) from error
            assets = Assets(self._http, self._api, release)
            if left and left.uploaded:
                self._api.delete_asset(left.id)
            assets.clear(left)
            assets.upload(Wanted(self._manifest.signature_name, digest_of(content), content))
            return f"the one that was there is no good: {wrong}" if wrong else None

        return make
