import json
from pathlib import Path

import pytest

from tests.count import Count, count_build, count_cached, count_junit, settle

PASSED = '<testcase classname="a" name="passed"/>'
FAILED = '<testcase classname="a" name="failed"><failure/></testcase>'
BROKEN = '<testcase classname="a" name="broken"><error/></testcase>'
SKIPPED = '<testcase classname="a" name="skipped"><skipped message="no engine"/></testcase>'


def report(folder: Path, *cases: str) -> Path:
    file = folder / "a report.xml"
    file.write_text(f"<testsuites><testsuite>{''.join(cases)}</testsuite></testsuites>")
    return file


class Events:
    """Build events of Bazel's, as it writes them with --keep_going."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def add(self, kind: str, label: str, **payload: object) -> None:
        self.lines.append(json.dumps({"id": {kind: {"label": label}}, **payload}))

    def target(self, label: str, *, built: bool = True, test: bool = False) -> None:
        self.add("targetConfigured", label, configured={"testSize": "SMALL"} if test else {})
        self.add("targetCompleted", label, completed={"success": True} if built else {})

    def test(self, label: str, report: Path | None, status: str = "PASSED") -> None:
        self.target(label, test=True)
        outputs = [{"name": "test.log", "uri": "file:///nonexistent"}]
        outputs += [{"name": "test.xml", "uri": report.as_uri()}] if report else []
        self.add("testResult", label, testResult={"status": status, "testActionOutput": outputs})


@pytest.fixture
def events() -> Events:
    return Events()


def test_every_case_of_a_report_counts(tmp_path: Path) -> None:
    assert count_junit(report(tmp_path, PASSED, FAILED, BROKEN, PASSED)) == Count(passed=2, failed=2)


def test_a_skipped_test_counts_as_failed_and_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert count_junit(report(tmp_path, PASSED, SKIPPED)) == Count(passed=1, failed=1)
    assert capsys.readouterr().err == "skipped, so failed: a.skipped: no engine\n"


def test_no_report_or_an_empty_or_broken_one_is_a_failure(tmp_path: Path) -> None:
    assert count_junit(tmp_path / "nowhere.xml") == Count(failed=1)
    assert count_junit(report(tmp_path)) == Count(failed=1)
    (tmp_path / "half.xml").write_text("<testsuites>")
    assert count_junit(tmp_path / "half.xml") == Count(failed=1)


def test_a_report_without_cases_is_no_failure_where_it_says_that_there_are_tests(tmp_path: Path) -> None:
    assert count_junit(report(tmp_path, '<properties><property name="collected" value="3"/></properties>')) == Count()
    assert count_junit(report(tmp_path, '<properties><property name="collected" value="0"/></properties>')) == Count(
        failed=1
    )


def test_a_run_that_did_not_end_well_failed() -> None:
    assert settle(Count(passed=3), ended_well=False) == Count(passed=3, failed=1)
    assert settle(Count(passed=3), ended_well=True) == Count(passed=3)
    assert settle(Count(passed=3, failed=2), ended_well=False) == Count(passed=3, failed=2)


def test_a_build_counts_the_cases_of_its_tests(events: Events, tmp_path: Path) -> None:
    events.target("//a:library")
    events.test("//a:test", report(tmp_path, PASSED, PASSED))
    assert count_build(events.lines, 0) == Count(passed=2)


def test_a_failed_test_is_no_failed_build(events: Events, tmp_path: Path) -> None:
    events.test("//a:test", report(tmp_path, PASSED, FAILED), status="FAILED")
    assert count_build(events.lines, 3) == Count(passed=1, failed=1)


def test_targets_that_were_not_built_count_beside_a_failed_test(
    events: Events, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    events.test("//a:failed", report(tmp_path, FAILED), status="FAILED")
    events.target("//a:library", built=False)
    events.target("//a:unbuilt_test", built=False, test=True)
    events.add("targetConfigured", "//a:unanalysed", aborted={"reason": "ANALYSIS_FAILURE"})
    events.add("configuredLabel", "//no/such:thing", aborted={"reason": "ANALYSIS_FAILURE"})
    assert count_build(events.lines, 1) == Count(failed=4)
    assert capsys.readouterr().err.splitlines() == [
        f"no result, so failed: //a:{name}" for name in ("library", "unanalysed", "unbuilt_test")
    ]


def test_a_target_whose_build_was_given_up_counts_once(events: Events) -> None:
    events.add("targetConfigured", "//a:test", configured={"testSize": "SMALL"})
    events.add("targetCompleted", "//a:test", aborted={"reason": "USER_INTERRUPTED"})
    assert count_build(events.lines, 8) == Count(failed=1)


def test_a_test_without_a_result_counts_as_failed(events: Events) -> None:
    events.target("//a:test", test=True)
    assert count_build(events.lines, 0) == Count(failed=1)


def test_a_test_that_timed_out_failed_though_its_cases_passed(events: Events, tmp_path: Path) -> None:
    events.test("//a:slow", report(tmp_path, PASSED), status="TIMEOUT")
    events.test("//a:mute", None, status="TIMEOUT")
    assert count_build(events.lines, 3) == Count(passed=1, failed=2)


def test_a_package_that_cannot_be_read_is_a_failure_beside_tests_that_pass(events: Events, tmp_path: Path) -> None:
    events.test("//a:test", report(tmp_path, PASSED))
    assert count_build(events.lines, 1) == Count(passed=1, failed=1)


def test_a_bazel_that_tells_nothing_is_a_failure() -> None:
    assert count_build([], 37) == Count(failed=1)


def test_a_target_is_from_the_cache_if_all_its_results_are() -> None:
    def result(label: str, **result: object) -> str:
        return json.dumps({"id": {"testResult": {"label": label}}, "testResult": result})

    lines = [
        result("//a:local", cachedLocally=True),
        result("//a:remote", executionInfo={"cachedRemotely": True}),
        result("//a:half", cachedLocally=True),
        result("//a:half"),
        result("//a:ran", executionInfo={"strategy": "local"}),
        json.dumps({"id": {"targetConfigured": {"label": "//a:library"}}}),
    ]
    assert count_cached(lines) == (2, 4)
