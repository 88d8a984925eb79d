"""What is to come after a build, by what GitHub answers."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from release.destinations.github.ahead import coming, under_way
from release.destinations.github.model import Asset, Comparison
from viberun.version import Version

NOW = datetime(2026, 1, 27, 12, tzinfo=UTC)
STANDING = Version.parse("0.0.0-dev.20260127100000-0000000")


def asset(number: int, minute: int, sha: str, age: float) -> Asset:
    return Asset(number, f"viberun-0.0.0-dev.202601271{minute:02}000-{sha}.json", 1, True, None, age)


def test_of_the_builds_that_come_the_one_with_the_ref_is_under_way() -> None:
    there = [asset(1, 2, "aaaaaaa", 60), asset(2, 2, "aaaaaaa", 90), asset(3, 3, "bbbbbbb", 10)]
    found = under_way(coming(there, STANDING), "a" * 40, NOW)
    assert found
    assert (found.version.sha, found.since, found.claimed) == ("aaaaaaa", NOW - timedelta(seconds=90), True)


def test_without_a_claim_the_newest_is() -> None:
    there = [asset(1, 2, "aaaaaaa", 60), asset(3, 3, "bbbbbbb", 10), asset(4, 0, "ccccccc", 10**5)]
    found = under_way(coming(there, STANDING), "f" * 40, NOW)
    assert found
    assert (found.version.sha, found.claimed, found.signed) == ("bbbbbbb", False, False)
    signed = under_way(coming(there, STANDING), "f" * 40, NOW, [f"viberun-{found.version.oci}.intoto.jsonl"])
    assert signed
    assert signed.signed


def test_what_stands_and_what_was_before_is_not_to_come() -> None:
    assert under_way(coming([asset(1, 0, "0000000", 1)], STANDING), "0" * 40, NOW) is None


def commit(sha: str, hour: int, *parents: str) -> dict[str, Any]:
    committer = {"date": f"2026-01-27T{hour:02}:00:00Z"}
    return {
        "sha": sha,
        "commit": {"message": sha, "committer": committer},
        "parents": [{"sha": each} for each in parents],
    }


@pytest.mark.parametrize(
    ("commits", "since"),
    [
        ([], None),
        ([commit("a", 3, "base")], "2026-01-27T03:00:00Z"),
        (
            [commit("topic", 1, "old"), commit("merge", 5, "base", "topic"), commit("head", 6, "merge")],
            "2026-01-27T05:00:00Z",
        ),
    ],
)
def test_a_comparison_begins_with_the_first_commit_of_the_heads_own_line(
    commits: list[dict[str, Any]], since: str | None
) -> None:
    compared = Comparison.of({"status": "ahead", "total_commits": len(commits), "commits": commits})
    assert compared.since == since
