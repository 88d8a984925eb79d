from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import canonicalize_version
from packaging.version import Version as Pep440

from tests.unit.viberun.strategies import (
    LAST_SECOND,
    clean_dev_versions,
    commits,
    dev_versions,
    prod_versions,
    seconds,
    versions,
)
from viberun.errors import VersionError
from viberun.version import SPELLINGS, Order, Version

COMMIT = "abc1234" + "0" * 33
MOMENT = 1769344245  # 2026-01-25 12:30:45 UTC

# The expression that semver.org suggests, without its named groups.
SEMVER = re.compile(
    r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)"
    r"(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?"
    r"(?:\+([0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*))?",
    re.ASCII,
)


@pytest.mark.parametrize(
    ("version", "spellings"),
    [
        (
            Version.dev(MOMENT, COMMIT, dirty=False),
            {
                "semver": "0.0.0-dev.20260125123045+abc1234",
                "npm": "0.0.0-dev.20260125123045",
                "pypi": "0.0.0.dev20260125123045",
                "oci": "0.0.0-dev.20260125123045-abc1234",
                "git": "dev",
            },
        ),
        (
            Version.dev(MOMENT, COMMIT, dirty=True),
            {
                "semver": "0.0.0-dev.20260125123045+abc1234.dirty",
                "npm": "0.0.0-dev.20260125123045",
                "pypi": "0.0.0.dev20260125123045+gabc1234.dirty",
                "oci": "0.0.0-dev.20260125123045-abc1234.dirty",
                "git": "dev",
            },
        ),
        (
            Version.prod("v1.2.3"),
            {"semver": "1.2.3", "npm": "1.2.3", "pypi": "1.2.3", "oci": "1.2.3", "git": "v1.2.3"},
        ),
    ],
)
def test_each_spelling_is_the_one_of_the_design(version: Version, spellings: dict[str, str]) -> None:
    assert version.spellings == spellings
    assert tuple(version.spellings) == SPELLINGS
    assert str(version) == spellings["semver"]


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("v1.2.3", Version((1, 2, 3))),
        (" 1.2.3\n", Version((1, 2, 3))),
        ("0.0.0", Version((0, 0, 0))),
        ("0.0.0-dev.20260125123045", Version((0, 0, 0), "20260125123045")),
        ("v0.0.0-dev.20260125123045+abc1234", Version((0, 0, 0), "20260125123045", "abc1234")),
        ("0.0.0.dev20260125123045", Version((0, 0, 0), "20260125123045")),
        ("0.0.0.dev20260125123045+abc1234", Version((0, 0, 0), "20260125123045", "abc1234")),
        ("0.0.0.dev20260125123045+gabc1234.dirty", Version((0, 0, 0), "20260125123045", "abc1234", True)),
        ("0.0.0-dev.20260125123045-abc1234", Version((0, 0, 0), "20260125123045", "abc1234")),
        ("0.0.0-dev.20260125123045-abc1234.dirty", Version((0, 0, 0), "20260125123045", "abc1234", True)),
        ("0.0.0-dev.20260125123045+0123456", Version((0, 0, 0), "20260125123045", "0123456")),
    ],
)
def test_what_is_found_in_the_wild_is_read(text: str, version: Version) -> None:
    assert Version.parse(text) == version


@given(versions)
def test_the_spellings_that_carry_everything_are_read_back_exactly(version: Version) -> None:
    for spelling in (version.semver, version.oci):
        assert Version.parse(spelling) == version
        assert Version.parse(f"v{spelling}\n") == version


@given(versions)
def test_the_spellings_that_lose_the_sha_are_read_back_without_it(version: Version) -> None:
    without = Version(version.release, version.timestamp)
    assert Version.parse(version.npm) == without
    assert Version.parse(version.pypi) == (version if version.dirty else without)


@given(prod_versions)
def test_a_prod_tag_is_read_back(version: Version) -> None:
    assert Version.parse(version.git) == Version.prod(version.git) == version


@given(versions)
def test_reading_and_spelling_again_changes_no_spelling(version: Version) -> None:
    for text in (version.semver, version.npm, version.pypi, version.oci):
        read = Version.parse(text)
        assert text in read.spellings.values()
        assert Version.parse(read.semver) == read


@pytest.mark.parametrize(
    "text",
    [
        "",
        "dev",
        "latest",
        "v",
        "1",
        "1.2",
        "v1.2",
        "1.2.3.4",
        "01.2.3",
        "1.2.03",
        "vv1.2.3",
        "V1.2.3",
        "1.2.3-rc.1",
        "1.2.3+abc1234",
        "1.2.3.dirty",
        "1.2.3 4",
        "1.2.1000000000",
        "1.2.\u0663",
        "-1.2.3",
        "1.2.3-dev.20260125123045",
        "0.0.0-dev",
        "0.0.0-dev.",
        "0.0.0-dev.2026",
        "0.0.0-dev.202601251230455",
        "0.0.0-dev.20261325123045",
        "0.0.0-dev.20260230123045",
        "0.0.0-dev.20260125243045",
        "0.0.0-dev.20260125126045",
        "0.0.0-dev.20260125123060",
        "0.0.0-dev.19691231235959",
        "0.0.0-dev.00000000000000",
        "0.0.0-dev.2026012512304\uff15",
        "0.0.0-dev.20260125123045.dirty",
        "0.0.0-dev.20260125123045+dirty",
        "0.0.0-dev.20260125123045+",
        "0.0.0-dev.20260125123045+abc123",
        "0.0.0-dev.20260125123045+abc12345",
        "0.0.0-dev.20260125123045+ABC1234",
        "0.0.0-dev.20260125123045+gabc1234",
        "0.0.0-dev.20260125123045+abc1234.clean",
        "0.0.0-dev.20260125123045+abc1234\n+",
        "0.0.0.dev20260125123045-abc1234",
        "0.0.0dev20260125123045",
        "0.0.0.dev.20260125123045",
    ],
)
def test_what_is_no_version_is_refused_by_name(text: str) -> None:
    with pytest.raises(VersionError) as error:
        Version.parse(text)
    assert len(str(error.value).splitlines()) == 1


@given(st.text() | st.from_regex(r"v?0\.0\.0[-.]dev\.?[0-9]{12,16}.*") | st.from_regex(r"v?\d+\.\d+\.\d+.*"))
def test_any_text_is_a_version_or_a_version_error(text: str) -> None:
    try:
        version = Version.parse(text)
    except VersionError:
        return
    assert Version.parse(version.semver) == version


@pytest.mark.parametrize("tag", ["1.2", "v1.2", "v1.2.3-rc.1", "release-1.2.3", "v1.2.3\n", " v1.2.3", "dev", ""])
def test_a_tag_that_is_not_exactly_a_version_is_no_prod_version(tag: str) -> None:
    with pytest.raises(VersionError, match=r"vX\.Y\.Z"):
        Version.prod(tag)


@pytest.mark.parametrize("second", [-1, LAST_SECOND + 1, 10**30])
def test_a_time_that_fourteen_digits_cannot_hold_is_refused(second: int) -> None:
    with pytest.raises(VersionError):
        Version.dev(second, COMMIT, dirty=False)


@pytest.mark.parametrize("commit", ["", "abc1234", "A" * 40, "g" * 40, "a" * 41, "a" * 40 + "\n"])
def test_a_commit_that_is_not_forty_hex_digits_is_refused(commit: str) -> None:
    with pytest.raises(VersionError, match="40 lower-case hex"):
        Version.dev(MOMENT, commit, dirty=False)


@pytest.mark.parametrize(
    "facts",
    [
        {"release": (1, 2, 3), "sha": "abc1234"},
        {"release": (1, 2, 3), "dirty": True},
        {"release": (1, 2, -3)},
        {"release": (1, 2, 10**9)},
        {"release": (1, 2, 3), "timestamp": "20260125123045"},
        {"release": (0, 0, 0), "timestamp": "2026012512304"},
        {"release": (0, 0, 0), "timestamp": "2026 1 2 3 4 5"},
        {"release": (0, 0, 0), "timestamp": "2026 125123045"},
        {"release": (0, 0, 0), "timestamp": "20260125123045", "sha": "abc123"},
        {"release": (0, 0, 0), "timestamp": "20260125123045", "dirty": True},
    ],
)
def test_facts_that_no_spelling_could_tell_make_no_version(facts: dict[str, object]) -> None:
    with pytest.raises(VersionError):
        Version(**facts)  # type: ignore[arg-type]


def test_the_channel_and_its_moving_name_follow_from_the_version() -> None:
    dev, prod = Version.dev(MOMENT, COMMIT, dirty=True), Version.prod("1.2.3")
    assert (dev.channel, dev.moving) == ("dev", "dev")
    assert (prod.channel, prod.moving) == ("prod", "latest")


@given(versions)
def test_every_spelling_is_one_that_its_registry_takes(version: Version) -> None:
    assert SEMVER.fullmatch(version.semver)
    assert SEMVER.fullmatch(version.npm)
    assert "+" not in version.npm
    assert str(Pep440(version.pypi)) == version.pypi
    assert canonicalize_version(version.pypi, strip_trailing_zero=False) == version.pypi
    assert re.fullmatch(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}", version.oci)  # OCI distribution-spec, a tag


def semver_key(text: str) -> tuple[object, ...]:
    """Precedence by clause 11 of Semantic Versioning 2.0.0, build metadata aside."""
    match = SEMVER.fullmatch(text)
    assert match is not None
    major, minor, patch, prerelease, _ = match.groups()
    identifiers = tuple(
        (0, int(part), "") if part.isdigit() else (1, 0, part) for part in (prerelease or "").split(".") if part
    )
    return (int(major), int(minor), int(patch), prerelease is None, identifiers)


@given(versions, versions)
def test_order_is_that_of_semver(one: Version, other: Version) -> None:
    left, right = semver_key(one.semver), semver_key(other.semver)
    expected = {Order.OLDER} if left < right else {Order.NEWER} if left > right else {Order.SAME, Order.UNKNOWN}
    assert one.compare(other) in expected
    assert (one.precedence < other.precedence) == (left < right)


@given(versions, versions)
def test_order_is_that_of_pep_440(one: Version, other: Version) -> None:
    left, right = Pep440(Pep440(one.pypi).public), Pep440(Pep440(other.pypi).public)
    expected = {Order.OLDER} if left < right else {Order.NEWER} if left > right else {Order.SAME, Order.UNKNOWN}
    assert one.compare(other) in expected


@given(versions, versions)
def test_order_is_the_opposite_from_the_other_side(one: Version, other: Version) -> None:
    opposite = {Order.OLDER: Order.NEWER, Order.NEWER: Order.OLDER}
    order = one.compare(other)
    assert other.compare(one) is opposite.get(order, order)
    assert one.compare(one) is Order.SAME


@given(seconds, seconds, commits, commits)
def test_a_later_commit_is_newer_whatever_its_sha_and_dirt(first: int, second: int, one: str, two: str) -> None:
    older, newer = Version.dev(min(first, second), one, dirty=True), Version.dev(max(first, second), two, dirty=False)
    assert older.compare(newer) is (Order.UNKNOWN if first == second else Order.OLDER)


@given(seconds, st.lists(commits, min_size=2, max_size=2, unique_by=lambda commit: commit[:7]), st.booleans())
def test_two_commits_at_the_same_time_are_unknown_to_each_other(second: int, pair: list[str], dirty: bool) -> None:
    one, other = (Version.dev(second, commit, dirty) for commit in pair)
    assert one.compare(other) is Order.UNKNOWN


@given(clean_dev_versions)
def test_a_spelling_without_the_sha_is_the_same_build_as_a_clean_one(version: Version) -> None:
    for spelling in (version.npm, version.pypi):
        assert version.compare(Version.parse(spelling)) is Order.SAME


@given(dev_versions.filter(lambda version: version.dirty))
def test_a_dirty_build_is_not_known_to_be_what_the_clean_one_is(version: Version) -> None:
    assert version.sha is not None
    clean = Version(version.release, version.timestamp, version.sha)
    assert version.compare(clean) is Order.UNKNOWN
    assert version.compare(Version.parse(version.npm)) is Order.UNKNOWN
    assert version.compare(version) is Order.SAME


@given(dev_versions, prod_versions)
def test_any_dev_build_is_older_than_any_prod_build(dev: Version, prod: Version) -> None:
    assert dev.compare(prod) is Order.OLDER
