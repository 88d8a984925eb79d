"""Brings files to a release as assets, each once."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from release.destinations.github.api import Api
from release.destinations.github.model import Asset, Release
from release.driver.outcome import Change, StaleError
from release.driver.progress import Meter
from release.transport.content import Digest, Moved, digest_of
from release.transport.http import Http, HttpError
from viberun.errors import InvalidError

MOST = 1000
"""GitHub's own limit for one release."""


class AssetError(InvalidError):
    """The release has an asset that is not the one to be released."""


@dataclass(frozen=True)
class Wanted:
    """An asset that is to be there. `names_others`: readers who have it go on to the others, so these come first."""

    name: str
    digest: Digest
    content: Path | bytes
    names_others: bool = False


@dataclass(frozen=True)
class Difference:
    """What a release lacks, and what it has under a wanted name with other content, in a clause each."""

    missing: tuple[Wanted, ...]
    conflicts: tuple[str, ...]


def difference(wanted: Sequence[Wanted], there: Sequence[Asset]) -> Difference:
    """Goes by digest. An upload that never ended counts as missing."""
    by_name = {asset.name: asset for asset in there if asset.uploaded}
    return Difference(
        tuple(each for each in wanted if each.name not in by_name),
        tuple(clash for each in wanted if each.name in by_name and (clash := _clash(each, by_name[each.name]))),
    )


class Assets:
    """The assets of one release, which must be there when something is uploaded."""

    def __init__(self, http: Http, api: Api, release: Release | None) -> None:
        self._http = http
        self._api = api
        self._release = release

    def uploads(self, wanted: Sequence[Wanted], there: Sequence[Asset]) -> Iterator[Change]:
        """Tells what is missing, what names others last. Raises AssetError if another content has one of the names."""
        gap = difference(wanted, there)
        if gap.conflicts:
            raise AssetError(
                "the release has other files under these names",
                gap.conflicts,
                remedy="one version has one set of files: find out which build these are from",
            )
        for file in sorted(gap.missing, key=lambda file: file.names_others):
            yield Change("upload", file.name, file.digest.size, self._upload(file, there), not file.names_others)

    def _upload(self, file: Wanted, there: Sequence[Asset]) -> Callable[[Meter], None]:
        left = next((asset for asset in there if asset.name == file.name), None)

        def upload(meter: Meter) -> None:
            self.clear(left)
            meter.expect(file.digest.size)
            self.upload(file, meter.moved)

        return upload

    def clear(self, left: Asset | None) -> None:
        """Takes away what an upload left that never ended.

        A young one may be another run's, still under way: it gets the time after which a silent server is given up. Raises
        StaleError then.
        """
        if left is None or left.uploaded:
            return
        if left.age < self._http.patience.silence:
            self._http.wait(self._http.patience.silence - left.age)
            raise StaleError(f"{left.name} was being uploaded", remedy="run the same command again")
        self._api.delete_asset(left.id)

    def upload(self, file: Wanted, moved: Moved = lambda _: None) -> Asset:
        """Returns what is there then.

        Raises AssetError if that is another content, StaleError if another run has taken the upload for dead.
        """
        _check_unchanged(file)
        assert self._release
        try:
            asset = self._api.upload(self._release, file.name, file.content, moved)
        except HttpError as error:
            if error.status == 404:
                raise StaleError(error.message, remedy="run the same command again") from error
            raise
        if asset.name != file.name:
            raise AssetError(file.name, [f"GitHub names it {asset.name}"])
        if clash := _clash(file, asset):
            raise AssetError("another content is there", [clash])
        return asset


def _check_unchanged(file: Wanted) -> None:
    """Raises AssetError for a file that is another one by now: what a name got once, it has for ever."""
    digest = digest_of(file.content)
    if digest != file.digest:
        raise AssetError(
            "a file is not the one that was built for this release",
            [f"{file.name}: sha256 {digest.sha256}, not {file.digest.sha256}"],
            remedy="build it again, and nothing else meanwhile",
        )


def _clash(wanted: Wanted, asset: Asset) -> str | None:
    if asset.sha256 == wanted.digest.sha256:
        return None
    return f"{asset.name}: sha256 {asset.sha256 or 'unknown'}, not {wanted.digest.sha256}"
