from __future__ import annotations

import pytest

from tests.unit.viberun.installed import BUILD
from viberun.client.identity import Identity
from viberun.errors import UsageError
from viberun.protocol import OLDEST, PROTOCOL


def test_a_host_gets_channel_version_images_and_protocol() -> None:
    assert Identity.of(BUILD, {"HOME": "/x", "VIBERUN_CHANNEL_URL": "/y"}).environ == {
        "VIBERUN_CHANNEL": "dev",
        "VIBERUN_IMAGE": "ghcr.io/owner/name/viberun:dev",
        "VIBERUN_OLDEST_PROTOCOL": str(OLDEST),
        "VIBERUN_PROTOCOL": str(PROTOCOL),
        "VIBERUN_PROXY_IMAGE": "ghcr.io/owner/name/viberun-proxy:dev",
        "VIBERUN_SERVER_VERSION": "dev",
    }


def test_a_client_can_act_for_the_other_channel() -> None:
    identity = Identity.of(BUILD, {"VIBERUN_CHANNEL": "prod"})
    assert (identity.channel, identity.wanted, identity.pinned) == ("prod", "latest", False)
    assert identity.environ["VIBERUN_IMAGE"] == "ghcr.io/owner/name/viberun:latest"


def test_one_version_can_be_named_and_nothing_that_is_none() -> None:
    assert Identity.of(BUILD, {"VIBERUN_SERVER_VERSION": "v1.2.3"}).pinned
    for name in ("dev", "latest"):
        assert not Identity.of(BUILD, {"VIBERUN_SERVER_VERSION": name}).pinned
    with pytest.raises(UsageError, match="VIBERUN_SERVER_VERSION is 'newest'; set it to dev, latest or a version"):
        Identity.of(BUILD, {"VIBERUN_SERVER_VERSION": "newest"})


def test_the_command_that_updates_is_that_of_the_installation() -> None:
    assert Identity.of(BUILD, {"VIBERUN_INSTALL_METHOD": "uvx"}).refresh == "uvx viberun-dev@latest"


def test_whose_releases_are_followed_has_the_images_too() -> None:
    identity = Identity.of(BUILD, {"VIBERUN_REPOSITORY": "Some/One"})
    assert identity.settings["VIBERUN_IMAGE"] == "ghcr.io/some/one/viberun:dev"
    assert identity.build == BUILD
