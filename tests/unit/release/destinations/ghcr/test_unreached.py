"""Which manifests go, by graphs of a few letters."""

from collections.abc import Collection, Mapping

import pytest

from release.destinations.ghcr.unreached import NEW_FOR, unreached
from release.destinations.github.model import PackageVersion
from viberun.version import Version

STANDING = Version.parse("0.0.0-dev.20260125123045-abc1234")
OLDER, NEWER = "0.0.0-dev.20260124000000-1111111", "0.0.0-dev.20260126000000-2222222"
OLD, NEW = 2 * NEW_FOR, NEW_FOR / 2


def leaves(
    tags: Mapping[str, tuple[str, ...]],
    kept: Collection[str] = (),
    names: Mapping[str, str] | None = None,
    ages: Mapping[str, float] | None = None,
) -> list[str]:
    """The digests that go, of manifests with these tags; `names` has what each index names."""
    versions = [
        PackageVersion(number, digest, of, (ages or {}).get(digest, OLD))
        for number, (digest, of) in enumerate(tags.items())
    ]
    return [
        version.digest for version in unreached(versions, kept, STANDING, lambda digest: (names or {}).get(digest, ""))
    ]


def test_what_a_kept_build_names_stays_without_any_tag_and_the_rest_goes() -> None:
    assert leaves({"a": (), "b": (), "c": ()}, kept="a", names={"a": "b"}) == ["c"]


def test_what_a_kept_index_names_stays_where_the_list_lacks_the_index() -> None:
    assert leaves({"b": (), "c": ()}, kept="a", names={"a": "b"}) == ["c"]


@pytest.mark.parametrize(
    ("tags", "stays"),
    [
        ((), False),
        ((OLDER,), False),
        ((str(STANDING.oci),), False),  # unless it is kept, which the standing one is
        ((OLDER, "dev"), True),
        (("latest",), True),
        (("1.2.3",), True),
        ((NEWER,), True),
        (("by-hand",), True),
    ],
)
def test_a_tag_that_is_not_an_older_dev_versions_holds_what_it_names(tags: tuple[str, ...], stays: bool) -> None:
    assert set(leaves({"a": tags, "b": ()}, names={"a": "b"})) == (set() if stays else {"a", "b"})


def test_what_is_new_stays_with_all_that_it_names() -> None:
    assert leaves({"a": (), "b": (), "c": ()}, names={"a": "b"}, ages={"a": NEW}) == ["c"]


def test_what_refers_to_a_manifest_stays_and_goes_with_it() -> None:
    digest, other = f"sha256:{64 * '1'}", f"sha256:{64 * '2'}"
    tags = {digest: (), other: (), "of-one": (digest.replace(":", "-"),), "of-other": (other.replace(":", "-"),)}
    assert leaves(tags, kept=[digest]) == ["of-other", other]


def test_what_has_a_tag_goes_first() -> None:
    assert leaves({"a": (), "z": (OLDER,), "b": ()}, names={"z": "ab"}) == ["z", "a", "b"]
