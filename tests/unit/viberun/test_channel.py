from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.viberun.strategies import versions
from viberun import channel
from viberun.build import Build
from viberun.errors import UsageError
from viberun.version import Channel, Version

DEV = Version.parse("0.0.0-dev.20260125123045+abc1234")
DIRTY = Version.parse("0.0.0-dev.20260125123045+abc1234.dirty")
PROD = Version.parse("1.2.3")
NAMES = ("VIBERUN_SERVER_VERSION", "VIBERUN_IMAGE", "VIBERUN_PROXY_IMAGE")


@pytest.mark.parametrize(("version", "expected"), [(DEV, "dev"), (DIRTY, "dev"), (PROD, "prod")])
def test_the_channel_follows_from_the_version_alone(version: Version, expected: Channel) -> None:
    assert channel.active(version, {}) == expected
    assert channel.active(version, {"VIBERUN_CHANNEL": "", "VIBERUN_SERVER_VERSION": "latest"}) == expected


@pytest.mark.parametrize("named", ["dev", "prod"])
def test_the_environment_can_name_the_other_channel(named: Channel) -> None:
    assert {channel.active(version, {"VIBERUN_CHANNEL": named}) for version in (DEV, PROD)} == {named}


@pytest.mark.parametrize("named", ["beta", "DEV", " dev", "latest"])
def test_a_channel_that_there_is_not_is_refused(named: str) -> None:
    with pytest.raises(UsageError, match=r"VIBERUN_CHANNEL is .*; set it to dev or prod, or unset it"):
        channel.active(DEV, {"VIBERUN_CHANNEL": named})


def of(repository: str | None, registry: str = "ghcr.io") -> Build:
    return Build(DEV, "dev", f"{DEV.sha}{33 * '0'}", "2026-01-25T12:30:45Z", repository, registry=registry)


def test_dev_defaults_are_the_dev_names() -> None:
    assert channel.settings("dev", of("owner/name"), {}) == {
        "VIBERUN_SERVER_VERSION": "dev",
        "VIBERUN_IMAGE": "ghcr.io/owner/name/viberun:dev",
        "VIBERUN_PROXY_IMAGE": "ghcr.io/owner/name/viberun-proxy:dev",
    }


def test_prod_defaults_are_the_names_such_a_product_always_had() -> None:
    assert channel.settings("prod", of("owner/name"), {}) == {
        "VIBERUN_SERVER_VERSION": "latest",
        "VIBERUN_IMAGE": "ghcr.io/owner/name/viberun:latest",
        "VIBERUN_PROXY_IMAGE": "ghcr.io/owner/name/viberun-proxy:latest",
    }


def test_images_are_at_the_registry_that_the_build_names() -> None:
    held = channel.settings(
        "dev", of("owner/name", "registry.example.org:5000"), {"VIBERUN_OCI_REGISTRY": "else.example"}
    )
    assert held["VIBERUN_IMAGE"] == "registry.example.org:5000/owner/name/viberun:dev"


def test_image_names_are_lower_case_whatever_the_repository_is() -> None:
    held = channel.settings("dev", of("Owner/Name"), {})
    assert held["VIBERUN_IMAGE"] == "ghcr.io/owner/name/viberun:dev"
    assert held["VIBERUN_PROXY_IMAGE"] == "ghcr.io/owner/name/viberun-proxy:dev"


@pytest.mark.parametrize(
    ("repository", "place"),
    [
        ("jdoe_acme/viberun", "jdoe_acme/viberun"),
        ("Owner/_Name", "owner/name"),
        ("owner/.github", "owner/github"),
        ("owner/na__me-_x..y---z.", "owner/na__me-x-y---z"),
        ("owner/-", "owner"),
    ],
)
def test_a_repository_that_no_registry_takes_lends_images_the_nearest_name(repository: str, place: str) -> None:
    assert channel.settings("dev", of(repository), {})["VIBERUN_IMAGE"] == f"ghcr.io/{place}/viberun:dev"


def test_without_a_repository_only_the_environment_can_name_images() -> None:
    assert channel.settings("dev", of(None), {}) == {"VIBERUN_SERVER_VERSION": "dev"}
    assert channel.settings("dev", of(None), {"VIBERUN_IMAGE": "x"}) == {
        "VIBERUN_SERVER_VERSION": "dev",
        "VIBERUN_IMAGE": "x",
    }


@given(
    st.sampled_from(["dev", "prod"]),
    st.none() | st.just("owner/name"),
    st.dictionaries(st.sampled_from([*NAMES, "HOME", "VIBERUN_CHANNEL"]), st.text()),
)
def test_each_default_yields_to_the_environment_alone(
    active: Channel, repository: str | None, environ: dict[str, str]
) -> None:
    before = dict(environ)
    held, default = channel.settings(active, of(repository), environ), channel.defaults(active, of(repository))
    for name in NAMES:
        assert held.get(name) == (environ.get(name) or default.get(name))
    assert set(held) <= set(NAMES)
    assert environ == before


@given(versions)
def test_defaults_name_the_moving_names_of_the_version(version: Version) -> None:
    held = channel.settings(channel.active(version, {}), of("owner/name"), {})
    assert held["VIBERUN_SERVER_VERSION"] == version.moving
    assert all(held[name].endswith(f":{version.moving}") for name in NAMES[1:])
