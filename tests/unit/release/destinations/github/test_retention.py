import pytest

from release.destinations.github.model import Asset
from release.destinations.github.retention import MOST_AT_ONCE, expired, version_of
from viberun.version import Version


def build(second: int) -> Version:
    return Version.parse(f"0.0.0-dev.202601251230{second:02}-abc12{second:02}")


def assets(*seconds: int) -> list[Asset]:
    names = [
        name
        for second in seconds
        for name in (f"viberun-{build(second).oci}-linux-amd64.tar.gz", f"viberun-{build(second).oci}.json")
    ]
    return [Asset(number, name, 1, True, "0" * 64, 0.0) for number, name in enumerate(names)]


def test_the_newest_stay_whatever_the_order() -> None:
    leaving = expired(assets(3, 1, 4, 2), 2, build(4), ())
    assert {version_of(asset.name) for asset in leaving} == {build(1), build(2)}


def test_manifests_go_before_the_files_that_they_name() -> None:
    assert [asset.name.endswith(".json") for asset in expired(assets(1, 2, 3), 1, build(3), ())] == [
        True,
        False,
        True,
        False,
    ]


def test_what_is_needed_stays_beyond_the_number() -> None:
    leaving = expired(assets(1, 2, 3), 1, build(3), {build(1)})
    assert {version_of(asset.name) for asset in leaving} == {build(2)}


def test_what_comes_after_the_standing_build_stays_and_counts_for_nothing() -> None:
    leaving = expired(assets(1, 2, 3, 4, 5), 2, build(3), ())
    assert {version_of(asset.name) for asset in leaving} == {build(1)}


def test_names_without_a_version_are_left_alone() -> None:
    others = [
        Asset(99, name, 1, True, None, 0.0) for name in ("channel.json", "channel.old.json", "notes.txt", "install.sh")
    ]
    assert expired(others, 0, build(1), ()) == []


def test_one_release_deletes_a_bounded_number() -> None:
    assert len(expired(assets(*range(60)), 1, build(59), ())) == MOST_AT_ONCE


@pytest.mark.parametrize(
    "name",
    ["SHA256SUMS-0.0.0-dev.20260125123001-abc1201", "install-0.0.0-dev.20260125123001-abc1201.sh"],
)
def test_every_kind_of_name_tells_its_version(name: str) -> None:
    assert version_of(name) == build(1)
