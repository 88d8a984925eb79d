"""The true count: of what pytest reports (JUnit XML), and of what Bazel tells of a build (its build event protocol).

Whatever was to run and did not count as failed: a test that was skipped, one without a result, a target that was not built.
"""

import json
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

# How Bazel ends when all was built and a test failed.
_TESTS_FAILED = 3


@dataclass(frozen=True)
class Count:
    """How many tests passed and failed."""

    passed: int = 0
    failed: int = 0

    def __add__(self, other: "Count") -> "Count":
        return Count(self.passed + other.passed, self.failed + other.failed)

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed"


def settle(count: Count, ended_well: bool) -> Count:
    """A run that did not end well failed, even where no test case says so."""
    return count if ended_well or count.failed else count + Count(failed=1)


def count_junit(report: Path) -> Count:
    """Counts the test cases of a JUnit XML file, and names what was skipped; one that is missing or empty is a failure.

    Empty may be the report of a shard, or of a --test_filter: where its property `collected` says that there are tests.
    """
    try:
        document = ElementTree.parse(report)
    except (OSError, ElementTree.ParseError):
        return Count(failed=1)
    cases = list(document.iter("testcase"))
    if not cases and any(int(found.get("value", "0")) for found in document.iterfind(".//property[@name='collected']")):
        return Count()
    for case in cases:
        if (skipped := case.find("skipped")) is not None:
            why = skipped.get("message")
            print(f"skipped, so failed: {case.get('classname')}.{case.get('name')}: {why}", file=sys.stderr)
    failed = sum(any(case.find(tag) is not None for tag in ("failure", "error", "skipped")) for case in cases)
    return Count(len(cases) - failed, failed) if cases else Count(failed=1)


def count_build(events: Iterable[str], exit_code: int) -> Count:
    """Counts the tests of `bazel test` from its build events (a JSON object a line) and the code that it ended with.

    A target that was not built, and a test without a result, count as failed, once each, and are named.
    """
    count = Count()
    tests, finished, unbuilt = set[str](), set[str](), set[str]()
    for event in map(json.loads, events):
        ((kind, subject),) = event["id"].items()
        if kind == "targetConfigured":
            if "aborted" in event:
                unbuilt.add(subject["label"])
            elif "testSize" in event["configured"]:
                tests.add(subject["label"])
        elif kind == "targetCompleted" and not event.get("completed", {}).get("success"):
            unbuilt.add(subject["label"])
        elif kind == "testResult":
            finished.add(subject["label"])
            count += _count_result(event.get("testResult", {}))
    lost = unbuilt | (tests - finished)
    for label in sorted(lost):
        print(f"no result, so failed: {label}", file=sys.stderr)
    # A package that can't be read is told of in no event, only by the code.
    return count + settle(Count(failed=len(lost)), exit_code in (0, _TESTS_FAILED))


def count_cached(events: Iterable[str]) -> tuple[int, int]:
    """Returns of how many targets every result is from a cache, and of how many there are results."""
    ran = dict[str, bool]()
    for event in map(json.loads, events):
        if found := event["id"].get("testResult"):
            result = event.get("testResult", {})
            cached = result.get("cachedLocally") or result.get("executionInfo", {}).get("cachedRemotely")
            ran[found["label"]] = ran.get(found["label"], False) or not cached
    return len(ran) - sum(ran.values()), len(ran)


def _count_result(result: dict[str, Any]) -> Count:
    reports = [output["uri"] for output in result.get("testActionOutput", []) if output["name"] == "test.xml"]
    count = sum((count_junit(Path(unquote(urlsplit(uri).path))) for uri in reports), Count())
    return settle(count, bool(reports) and result.get("status") == "PASSED")
