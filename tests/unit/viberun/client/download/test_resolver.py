from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.viberun.client.web import Answer, Page, serving
from tests.unit.viberun.installed import BUILD
from viberun.build import Build
from viberun.client.download.fetch import Fetcher
from viberun.client.download.resolver import (
    AssetMissingError,
    Place,
    ReleaseMissingError,
    WrongChannelError,
    newest,
    place,
    resolve,
)
from viberun.errors import ManifestError, NewerManifestError, UsageError, VersionError
from viberun.manifest import File, Image, Manifest
from viberun.version import Version

GITHUB = "https://github.com"
NOWHERE = replace(BUILD, repository=None)
SERVER = File("viberun-server-x-linux-amd64.tar.gz", "server", "linux-amd64", 7, "a" * 64)
FETCH = Fetcher(pause=lambda seconds: None)


def build_at(seconds: int) -> Build:
    version = Version.dev(1769344245 + seconds, BUILD.commit, dirty=False)
    assert version.timestamp is not None
    return replace(
        BUILD, version=version, committed=f"2026-01-25T12:{30 + (45 + seconds) // 60}:{(45 + seconds) % 60:02}Z"
    )


def manifest(build: Build = BUILD, files_at: str = "") -> Manifest:
    images = {"viberun": Image(f"ghcr.io/owner/name/viberun:{build.version.moving}", "sha256:" + "e" * 64)}
    return Manifest(build, files_at, (SERVER,), images)


def page(build: Build = BUILD, files_at: str = "") -> bytes:
    return manifest(build, files_at).to_json().encode()


def _signature(build: Build) -> str:
    return f"/{manifest(build).signature_name}"


MINE, NEWER = build_at(0), build_at(60)
PROD = Build(Version.prod("1.2.3"), "prod", BUILD.commit, BUILD.committed, "owner/name")


@pytest.mark.parametrize(
    ("wanted", "base"),
    [
        ("dev", "https://github.com/owner/name/releases/download/dev"),
        ("latest", "https://github.com/owner/name/releases/latest/download"),
        ("1.2.3", "https://github.com/owner/name/releases/download/v1.2.3"),
        (MINE.version.semver, "https://github.com/owner/name/releases/download/dev"),
    ],
)
def test_releases_are_looked_for_at_github(wanted: str, base: str) -> None:
    assert place(BUILD, {"GITHUB_SERVER_URL": "https://else.example.org"}, wanted) == Place(base)
    enterprise = replace(BUILD, github="https://ghe.example.org")
    assert place(enterprise, {}, wanted) == Place(base.replace("github.com", "ghe.example.org"))


@pytest.mark.parametrize(
    ("named", "base"),
    [
        ("https://mirror.example.org/dev/", "https://mirror.example.org/dev"),
        ("https://mirror.example.org/dev/channel.json", "https://mirror.example.org/dev"),
        ("/srv/dist/dev/", "/srv/dist/dev"),
        ("/srv/dist/dev/channel.json", "/srv/dist/dev"),
        ("file:///srv/dist/dev", "/srv/dist/dev"),
    ],
)
@pytest.mark.parametrize("wanted", ["dev", "latest", "1.2.3"])
def test_the_environment_names_another_place(named: str, base: str, wanted: str) -> None:
    assert place(NOWHERE, {"VIBERUN_CHANNEL_URL": named}, wanted) == Place(base)


def test_a_relative_folder_is_one_of_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert place(NOWHERE, {"VIBERUN_CHANNEL_URL": "dist/dev"}, "dev") == Place(str(tmp_path / "dist/dev"))


def test_a_place_that_cannot_be_is_refused() -> None:
    with pytest.raises(UsageError, match="knows no place of releases; set VIBERUN_REPOSITORY"):
        place(NOWHERE, {}, "dev")
    with pytest.raises(UsageError, match="VIBERUN_CHANNEL_URL is 'ftp://x/'"):
        place(NOWHERE, {"VIBERUN_CHANNEL_URL": "ftp://x/"}, "dev")
    with pytest.raises(VersionError):
        place(BUILD, {}, "newest")


def resolved(pages: dict[str, Page], wanted: str, own: Version | None = None) -> tuple[Version, str, list[str]]:
    """The version that is found, where its server is, and what was asked for."""
    with serving(pages) as web:
        found = resolve(Place(web.url), wanted, FETCH, own=own)
        url = found.url_of(found.file("server", "linux-amd64"))
        assert url.startswith(web.url)
        return found.version, url[len(web.url) :], web.asked


def test_dev_is_the_newest_for_one_who_has_no_build_of_it() -> None:
    for own in (None, PROD.version):
        assert resolved({"/channel.json": page(NEWER)}, "dev", own)[0] == NEWER.version


def test_dev_is_the_build_that_the_client_belongs_to_while_it_is_there() -> None:
    kept: dict[str, Page] = {"/channel.json": page(NEWER), f"/{manifest(MINE).name}": page(MINE)}
    assert resolved(kept, "dev", MINE.version)[0] == MINE.version
    assert resolved({"/channel.json": page(NEWER)}, "dev", MINE.version)[0] == NEWER.version


def test_a_local_channel_keeps_its_builds_beside_their_files() -> None:
    pages: dict[str, Page] = {
        "/channel.json": page(NEWER, "github/"),
        f"/github/{manifest(NEWER).name}": page(NEWER),
        f"/github/{manifest(MINE).name}": page(MINE),
    }
    assert resolved(pages, "dev")[:2] == (NEWER.version, f"/github/{SERVER.name}")
    assert resolved(pages, "dev", MINE.version)[:2] == (MINE.version, f"/github/{SERVER.name}")
    assert resolved(pages, NEWER.version.semver)[:2] == (NEWER.version, f"/github/{SERVER.name}")


def test_a_folder_is_a_channel_too(tmp_path: Path) -> None:
    (tmp_path / "channel.json").write_bytes(page(NEWER, "github/"))
    found = resolve(Place(str(tmp_path)), "dev", FETCH)
    assert found.url_of(SERVER) == str(tmp_path / "github" / SERVER.name)


def test_latest_is_a_prod_build() -> None:
    assert resolved({"/channel.json": page(PROD)}, "latest")[0] == PROD.version


def test_the_files_of_the_latest_release_are_fetched_by_its_own_name(tmp_path: Path) -> None:
    """What `latest` names can be another release by then."""
    folder = tmp_path / "latest/download"
    folder.mkdir(parents=True)
    (folder / "channel.json").write_bytes(page(PROD))
    assert resolve(Place(str(folder)), "latest", FETCH).url_of(SERVER) == f"{tmp_path}/download/v1.2.3/{SERVER.name}"


@pytest.mark.parametrize(("there", "wanted"), [(NEWER, "latest"), (PROD, "dev")])
def test_the_other_channel_is_never_taken_instead(there: Build, wanted: str) -> None:
    with pytest.raises(WrongChannelError, match=r"is of the channel (dev|prod), not (dev|prod)"):
        resolved({"/channel.json": page(there)}, wanted)


@pytest.mark.parametrize("spell", [lambda v: v.semver, lambda v: v.oci, lambda v: v.npm, lambda v: v.pypi])
def test_an_exact_version_is_read_in_every_spelling(spell: Callable[[Version], str]) -> None:
    assert resolved({"/channel.json": page(MINE)}, spell(MINE.version))[0] == MINE.version
    assert resolved({f"/{manifest(PROD).name}": page(PROD)}, "v1.2.3")[0] == PROD.version


def test_a_version_that_is_not_there_says_what_was_looked_for() -> None:
    with pytest.raises(
        ReleaseMissingError, match=r"no release 0\.0\.0-dev\.20260125123045\+abc1234 at http.*20 dev builds"
    ):
        resolved({"/channel.json": page(NEWER)}, MINE.version.semver)
    with pytest.raises(ReleaseMissingError, match=r"there is no release 9\.9\.9 at"):
        resolved({"/channel.json": page(PROD)}, "9.9.9")


@pytest.mark.parametrize("spelt", [MINE.version.npm, MINE.version.pypi])
def test_a_dev_version_without_its_commit_can_only_be_the_newest_and_says_so(spelt: str) -> None:
    kept: dict[str, Page] = {"/channel.json": page(NEWER), f"/{manifest(MINE).name}": page(MINE)}
    said = r"no release 0\.0\.0-dev\.20260125123045 at \S+; name it as 'viberun --version' prints it, with the commit"
    with pytest.raises(ReleaseMissingError, match=said):
        resolved(kept, spelt)
    assert resolved(kept, MINE.version.semver)[0] == MINE.version


def test_a_manifest_under_the_name_of_another_version_is_refused() -> None:
    with pytest.raises(WrongChannelError, match="is that of"):
        resolved({f"/{manifest(MINE).name}": page(NEWER)}, MINE.version.semver)


def test_between_two_renames_the_one_before_is_read() -> None:
    version, _, asked = resolved({"/channel.old.json": page(MINE)}, "dev")
    assert (version, asked) == (MINE.version, ["/channel.json", "/channel.old.json", _signature(MINE)])


def test_a_swap_that_ends_between_two_looks_is_seen() -> None:
    version, _, asked = resolved({"/channel.json": [Answer(status=404), Answer(page(NEWER))]}, "dev")
    twice = ["/channel.json", "/channel.old.json", "/channel.json"]
    assert (version, asked) == (NEWER.version, [*twice, _signature(NEWER)])


def test_no_release_at_all_names_the_address() -> None:
    with serving({}) as web, pytest.raises(ReleaseMissingError, match=rf"{web.url}/channel\.json is not there"):
        newest(Place(web.url), FETCH)


def test_a_broken_manifest_is_not_passed_over_for_an_older_one() -> None:
    with pytest.raises(ManifestError):
        resolved({"/channel.json": b"{", "/channel.old.json": page(MINE)}, "dev")


@pytest.mark.parametrize(
    ("github", "environ", "wanted", "renewal"),
    [
        (
            GITHUB,
            {"VIBERUN_INSTALL_METHOD": "npm"},
            "dev",
            "update it with 'npm install --prefer-online -g viberun@dev'",
        ),
        (GITHUB, {"VIBERUN_INSTALL_METHOD": "uvx"}, "1.2.3", "update it with 'uvx viberun@latest'"),
        (
            GITHUB,
            {"VIBERUN_INSTALL_METHOD": "script"},
            "dev",
            "run 'curl -fsSL https://github.com/owner/name/raw/main/install.sh | sh -s -- --from owner/name --dev'",
        ),
        (
            "https://ghe.example.org",
            {"VIBERUN_INSTALL_METHOD": "script"},
            "latest",
            "run 'curl -fsSL https://ghe.example.org/owner/name/raw/main/install.sh | sh -s -- --from owner/name'",
        ),
        (
            GITHUB,
            {"VIBERUN_INSTALL_METHOD": "script", "VIBERUN_CHANNEL_URL": "https://me:secret@mirror.example.org/"},
            "dev",
            "run 'curl -fsSL https://github.com/owner/name/raw/main/install.sh | sh -s -- --from owner/name --dev'",
        ),
    ],
)
def test_where_a_channel_is_too_new_to_be_read_there_is_a_way_to_update(
    github: str, environ: dict[str, str], wanted: str, renewal: str
) -> None:
    assert place(replace(BUILD, github=github), environ, wanted).renewal == renewal


@pytest.mark.parametrize("wanted", ["dev", MINE.version.semver])
@pytest.mark.parametrize("path", ["/channel.json", f"/viberun-{MINE.version.oci}.json"])
def test_a_channel_that_is_too_new_to_be_read_says_how_to_update(path: str, wanted: str) -> None:
    with serving({path: b'{"schema": 3, "min_reader": 2, "files": "elsewhere"}'}) as web:
        at = place(NOWHERE, {"VIBERUN_CHANNEL_URL": web.url, "VIBERUN_INSTALL_METHOD": "pipx"}, "dev")
        with pytest.raises(NewerManifestError, match=r"reads schema 1; update it with 'pipx upgrade viberun-dev'$"):
            resolve(at, wanted, FETCH, own=MINE.version)


def test_a_file_for_another_machine_is_not_made_up() -> None:
    with serving({"/channel.json": page(NEWER)}) as web:
        found = resolve(Place(web.url), "dev", FETCH)
    with pytest.raises(
        AssetMissingError,
        match=rf"the release {NEWER.version.npm}\S+ has no server for linux-arm64 \(it has linux-amd64\)",
    ):
        found.file("server", "linux-arm64")
    with pytest.raises(AssetMissingError, match=r"no file of the kind install \(it has none at all\)"):
        found.file("install")
