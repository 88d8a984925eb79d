from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.unit.viberun.client.hosts import release
from tests.unit.viberun.installed import BUILD
from viberun.client.identity import Identity
from viberun.client.setup.images import digests, nameless

FIVE, SIX = f"sha256:{'5' * 64}", f"sha256:{'6' * 64}"


def test_images_with_the_channels_names_are_pulled_by_the_digests_of_the_build(tmp_path: Path) -> None:
    manifest = release(tmp_path, BUILD)
    assert digests(Identity.of(BUILD, {}), manifest) == {"viberun": FIVE, "viberun-proxy": SIX}


def test_an_image_that_the_user_named_is_not(tmp_path: Path) -> None:
    manifest = release(tmp_path, BUILD)
    mine = Identity.of(BUILD, {"VIBERUN_IMAGE": "registry.example.org/viberun:dev"})
    assert digests(mine, manifest) == {"viberun-proxy": SIX}
    same = Identity.of(BUILD, {"VIBERUN_IMAGE": "ghcr.io/owner/name/viberun:dev"})
    assert digests(same, manifest) == {"viberun": FIVE, "viberun-proxy": SIX}


def test_a_client_without_a_repository_says_which_names_are_missing() -> None:
    build = replace(BUILD, repository=None)
    assert nameless(Identity.of(build, {})) == ["VIBERUN_IMAGE", "VIBERUN_PROXY_IMAGE"]
    assert nameless(Identity.of(build, {"VIBERUN_IMAGE": "x"})) == ["VIBERUN_PROXY_IMAGE"]
