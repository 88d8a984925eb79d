import re
from urllib.parse import quote

import pytest

from release.bundle import kinds
from tests.release.fabricated import DEV, PROD
from viberun import manifest
from viberun.build import Build
from viberun.version import Version

DIRTY = Build(Version.parse(f"{DEV.version.semver}.dirty"), "dev", DEV.commit, DEV.committed, DEV.repository)
ASSETS = ("client", "server", "sums", "install")


@pytest.mark.parametrize("build", [DEV, DIRTY, PROD], ids=["dev", "dirty", "prod"])
@pytest.mark.parametrize("kind", ASSETS)
def test_github_has_no_reason_to_rewrite_the_name_of_an_asset(kind: str, build: Build) -> None:
    name = kinds.versioned(kind, build, "linux-amd64")
    assert re.fullmatch(r"[A-Za-z0-9._-]+", name)
    assert quote(name) == name


@pytest.mark.parametrize("build", [DEV, DIRTY, PROD], ids=["dev", "dirty", "prod"])
@pytest.mark.parametrize("kind", ASSETS)
def test_an_asset_names_its_build(kind: str, build: Build) -> None:
    assert build.version.oci in kinds.versioned(kind, build, "linux-amd64")


def test_packages_have_no_plain_name() -> None:
    assert [kinds.plain(kind) for kind in ("npm", "wheel", "sums")] == [None, None, None]


def test_every_kind_that_a_manifest_may_list_has_a_name() -> None:
    assert set(manifest.KINDS) - {"manifest"} == set(kinds.KINDS)
