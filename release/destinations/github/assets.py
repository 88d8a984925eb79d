"""Brings files to a release as assets, each once, and reads back what GitHub has of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from release.destinations.github.api import Api
from release.destinations.github.model import Asset, Release
from release.transport.content import Digest, Moved, digest_of
from release.transport.http import Http, HttpError, TakenError, ensure
from release.transport.parallel import each
from viberun.errors import InvalidError

MOST = 1000
"""GitHub's own limit for one release."""

_WIDTH = 4


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
    """The assets of one release."""

    def __init__(self, http: Http, api: Api, release: Release) -> None:
        self._http = http
        self._api = api
        self._release = release

    def list(self) -> list[Asset]:
        return self._api.assets(self._release.id)

    def upload_missing(self, wanted: Sequence[Wanted], expect: Moved, moved: Moved) -> int:
        """Uploads what is missing and reads everything back; returns how many that were.

        What names others comes when all others are there. Raises AssetError without having changed anything if another
        content has one of the names.
        """
        there = self._checked(wanted)
        missing, taken = difference(wanted, there).missing, {asset.name for asset in there}
        expect(sum(file.digest.size for file in missing))
        for names_others in (False, True):
            group = [file for file in missing if file.names_others == names_others]
            each(lambda file: self.upload(file, moved, absent=file.name not in taken), group, _WIDTH)
        if missing and (lost := difference(wanted, self._checked(wanted)).missing):
            raise AssetError("GitHub does not have what was uploaded", [file.name for file in lost])
        return len(missing)

    def upload(self, file: Wanted, moved: Moved = lambda _: None, *, absent: bool = False) -> Asset:
        """Uploads the asset unless it is there; `absent`: it was not a moment ago. Raises AssetError.

        Another run that has waited long enough takes an upload for dead and deletes it: then it is looked for again.
        """

        def make() -> Asset:
            _check_unchanged(file)
            try:
                asset = self._api.upload(self._release, file.name, file.content, moved)
            except HttpError as error:
                raise TakenError(error.message, error.answer) if error.status == 404 else error from error
            if asset.name != file.name:
                raise AssetError(file.name, [f"GitHub names it {asset.name}"])
            return asset

        asset, _ = ensure(self._http, lambda: self.find(file.name), make, known_missing=absent)
        if clash := _clash(file, asset):
            raise AssetError("another content is there", [clash])
        return asset

    def find(self, name: str) -> Asset | None:
        """Finds the uploaded asset of that name. Clears away what an upload left that never ended.

        A young one may be another run's, still under way: it gets the time after which a silent server is given up.
        """
        while True:
            asset = next((asset for asset in self.list() if asset.name == name), None)
            if asset is None or asset.uploaded:
                return asset
            if asset.age >= self._http.patience.silence:
                self._api.delete_asset(asset.id)
            else:
                self._http.wait(self._http.patience.silence - asset.age)

    def _checked(self, wanted: Sequence[Wanted]) -> Sequence[Asset]:
        there = self.list()
        if conflicts := difference(wanted, there).conflicts:
            raise AssetError(
                f"release {self._release.tag} has other files under these names",
                conflicts,
                remedy="one version has one set of files: find out which build these are from",
            )
        return there


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
