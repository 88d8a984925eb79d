from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.viberun.client.hosts import release
from tests.unit.viberun.installed import BUILD
from viberun.client.identity import Identity
from viberun.client.setup.images import NoImageError, digests, nameless
from viberun.manifest import Manifest

FIVE, SIX = f"sha256:{'5' * 64}", f"sha256:{'6' * 64}"


def pulled(manifest: Manifest, *, signed: bool = True, **environ: str) -> dict[str, str]:
    return digests(Identity.of(BUILD, environ), environ, manifest, signed=signed)


def test_images_with_the_channels_names_are_pulled_by_the_digests_of_the_build(tmp_path: Path) -> None:
    manifest = release(tmp_path, BUILD)
    assert pulled(manifest) == {"viberun": FIVE, "viberun-proxy": SIX}


def test_an_image_that_the_user_named_is_not(tmp_path: Path) -> None:
    manifest = release(tmp_path, BUILD)
    assert pulled(manifest, VIBERUN_IMAGE="registry.example.org/viberun:dev") == {"viberun-proxy": SIX}
    same = pulled(manifest, VIBERUN_IMAGE="ghcr.io/owner/name/viberun:dev")
    assert same == {"viberun": FIVE, "viberun-proxy": SIX}


def test_the_images_of_a_repository_that_is_followed_are_pulled_by_digest_whatever_they_are_called_by_now(
    tmp_path: Path,
) -> None:
    """One that was renamed, or whose exact release is asked for, has names of another repository or channel."""
    manifest = release(tmp_path, BUILD)
    assert pulled(manifest, VIBERUN_REPOSITORY="fork/name") == {"viberun": FIVE, "viberun-proxy": SIX}


def test_a_signed_build_without_one_of_the_images_is_refused(tmp_path: Path) -> None:
    manifest = release(tmp_path, BUILD)
    lacking = replace(manifest, images={"viberun": manifest.images["viberun"]})
    said = f"the release {BUILD.version} does not say which image viberun-proxy it has; take another release"
    with pytest.raises(NoImageError, match=re.escape(said)):
        pulled(lacking)
    assert pulled(lacking, signed=False) == {"viberun": FIVE}
    assert pulled(lacking, VIBERUN_PROXY_IMAGE="registry.example.org/proxy") == {"viberun": FIVE}


def test_a_client_without_a_repository_says_which_names_are_missing() -> None:
    build = replace(BUILD, repository=None)
    assert nameless(Identity.of(build, {})) == ["VIBERUN_IMAGE", "VIBERUN_PROXY_IMAGE"]
    assert nameless(Identity.of(build, {"VIBERUN_IMAGE": "x"})) == ["VIBERUN_PROXY_IMAGE"]
