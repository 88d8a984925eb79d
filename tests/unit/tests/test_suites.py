import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import suites
from tests.count import Count
from tests.suites import bazel_suite, has_bazel_tests, pytest_suite

# Stands for `bazelw`: builds nothing, writes an event for what it was asked to test, and says whether that test passed.
BAZEL = """#!/bin/sh
[ "$1" = test ] || exit 0
for argument in "$@"; do
    case $argument in --build_event_json_file=*) events=${argument#*=} ;; esac
done
printf '<testcase name="%s"/>' "$argument" >"$PWD/test.xml"
printf '{"id": {"testResult": {"label": "//a"}}, "testResult": {"status": "PASSED", "testActionOutput": [%s]}}' \\
    "{\\"name\\": \\"test.xml\\", \\"uri\\": \\"file://$PWD/test.xml\\"}" >"$events"
"""


@pytest.fixture
def bazel(tmp_path: Path) -> Callable[[str], None]:
    """Makes a program of the text."""

    def write(text: str) -> None:
        (tmp_path / "bazelw").write_text(text)
        (tmp_path / "bazelw").chmod(0o755)

    return write


def test_bazel_tests_the_folders_and_its_events_are_counted(tmp_path: Path, bazel: Callable[[str], None]) -> None:
    bazel(BAZEL)
    suite = bazel_suite(tmp_path, ["tests/unit", "tests/release"])
    (tmp_path / "scratch").mkdir()
    assert suite.name == "//tests/unit/... //tests/release/..."
    assert suite.run(tmp_path / "scratch", {}) == Count(passed=1)
    assert '"//tests/release/..."' in (tmp_path / "test.xml").read_text()


def test_a_build_that_fails_is_a_failure_though_the_tests_pass(tmp_path: Path, bazel: Callable[[str], None]) -> None:
    bazel(BAZEL.replace("exit 0", "exit 1"))
    assert bazel_suite(tmp_path).run(tmp_path, {}) == Count(passed=1, failed=1)


def test_a_bazel_that_dies_before_it_writes_is_a_failure(tmp_path: Path, bazel: Callable[[str], None]) -> None:
    bazel("#!/bin/sh\nexit 37\n")
    assert bazel_suite(tmp_path).run(tmp_path, {}) == Count(failed=1)


def test_a_folder_has_bazel_tests_if_a_build_file_below_declares_one(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/BUILD").write_text("python_library(name = 'x')\n")
    assert not has_bazel_tests(tmp_path / "a")
    (tmp_path / "a/b/BUILD").write_text("python_test(name = 'x')\n")
    assert has_bazel_tests(tmp_path / "a")
    assert not has_bazel_tests(tmp_path / "no/such/folder")


def test_a_suite_whose_folder_is_missing_raises_which_the_run_counts(tmp_path: Path) -> None:
    (tmp_path / "scratch").mkdir()
    with pytest.raises(FileNotFoundError):
        pytest_suite(tmp_path, tmp_path, "tests/e2e/no", see_workspace=False).run(tmp_path / "scratch", {})


def test_a_suite_that_leaves_no_report_is_a_failure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(suites, "call", lambda command, folder, environment: 0)
    assert pytest_suite(tmp_path, tmp_path, "tests/checks", see_workspace=True).run(tmp_path, {}) == Count(failed=1)


def test_a_command_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(suites, "TIME_LIMIT_SECONDS", 0.2)
    assert suites.call([sys.executable, "-c", "import time; time.sleep(60)"], tmp_path, {}) == 124
