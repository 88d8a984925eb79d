import pytest

from release.destinations.github.model import Asset
from release.destinations.github.retention import MOST_AT_ONCE, Keep, expired, manifest_of, version_of
from viberun.version import Version

MOST = 1000


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
    leaving = expired(assets(3, 1, 4, 2), Keep(2, 0), build(4), (), MOST)
    assert {version_of(asset.name) for asset in leaving} == {build(1), build(2)}


def test_manifests_go_before_the_files_that_they_name() -> None:
    assert [asset.name.endswith(".json") for asset in expired(assets(1, 2, 3), Keep(1, 0), build(3), (), MOST)] == [
        True,
        False,
        True,
        False,
    ]


def test_what_is_needed_stays_beyond_the_number() -> None:
    leaving = expired(assets(1, 2, 3), Keep(1, 0), build(3), {build(1)}, MOST)
    assert {version_of(asset.name) for asset in leaving} == {build(2)}


def test_what_comes_after_the_standing_build_stays_and_counts_for_nothing() -> None:
    leaving = expired(assets(1, 2, 3, 4, 5), Keep(2, 0), build(3), (), MOST)
    assert {version_of(asset.name) for asset in leaving} == {build(1)}


def test_names_without_a_version_are_left_alone() -> None:
    others = [
        Asset(99, name, 1, True, None, 0.0) for name in ("channel.json", "channel.old.json", "notes.txt", "install.sh")
    ]
    assert expired(others, Keep(0, 0), build(1), (), MOST) == []


def test_one_release_deletes_a_bounded_number() -> None:
    assert len(expired(assets(*range(60)), Keep(1, 0), build(59), (), MOST)) == MOST_AT_ONCE


@pytest.mark.parametrize(
    "name",
    ["SHA256SUMS-0.0.0-dev.20260125123001-abc1201", "install-0.0.0-dev.20260125123001-abc1201.sh"],
)
def test_every_kind_of_name_tells_its_version(name: str) -> None:
    assert version_of(name) == build(1)


@pytest.mark.parametrize(
    "name", ["viberun-{}.json", "viberun-{}.cdx.json", "viberun-{}.intoto.jsonl", "x-viberun-{}.json"]
)
def test_a_manifest_is_known_by_its_exact_name(name: str) -> None:
    assert manifest_of(name.format(build(1).oci)) == (build(1) if name == "viberun-{}.json" else None)


def on(day: int) -> Version:
    return Version.parse(f"0.0.0-dev.202601{day:02}123000-abc12{day:02}")


def of_days(*days: int) -> list[Asset]:
    names = [f"viberun-{on(day).oci}-{each}" for day in days for each in ("linux-amd64.tar.gz", "linux-arm64.tar.gz")]
    return [Asset(number, name, 1, True, "0" * 64, 0.0) for number, name in enumerate(names)]


def days_leaving(keep: Keep, *days: int, most: int = MOST) -> set[int]:
    leaving = {version_of(asset.name) for asset in expired(of_days(*days), keep, on(max(days)), (), most)}
    return {day for day in days if on(day) in leaving}


def test_builds_stay_for_so_many_days_and_so_many_of_them_whatever_their_age() -> None:
    assert days_leaving(Keep(1, 7), 1, 2, 14, 15, 20) == {1, 2}
    assert days_leaving(Keep(4, 7), 1, 2, 14, 15, 20) == {1}
    assert days_leaving(Keep(2, 0), 1, 2, 14, 15, 20) == {1, 2, 14}


def test_of_those_that_stay_by_their_age_the_oldest_go_where_there_is_no_room() -> None:
    assert days_leaving(Keep(1, 30), 1, 2, 3, 4, most=8) == set()
    assert days_leaving(Keep(1, 30), 1, 2, 3, 4, most=5) == {1, 2}
    assert days_leaving(Keep(3, 30), 1, 2, 3, 4, most=1) == {1}


@pytest.mark.parametrize(
    ("text", "keep"), [("3", Keep(3, 0)), ("30d", Keep(20, 30)), ("20,30d", Keep(20, 30)), ("1,7d", Keep(1, 7))]
)
def test_what_to_keep_is_told_by_number_by_age_or_both(text: str, keep: Keep) -> None:
    assert Keep.parse(text) == keep
    assert Keep.parse(str(Keep())) == Keep()


@pytest.mark.parametrize("text", ["", "0", "d", "0d", "20,", ",30d", "30d,20", "20,30", "-1", "99999", "\u0663"])
def test_other_ways_to_tell_it_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is none of the forms"):
        Keep.parse(text)
