import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests import run
from tests.count import Count
from tests.run import Request

# Stands for `bazelw`: builds nothing, writes an event for what it was asked to test, and says whether that test passed.
BAZEL = """#!/bin/sh
[ "$1" = test ] || exit 0
for argument in "$@"; do
    case $argument in --build_event_json_file=*) events=${argument#*=} ;; esac
done
printf '<testcase name="%s"/>' "$*" >"$PWD/test.xml"
printf '{"id": {"testResult": {"label": "//a"}}, "testResult": {"status": "PASSED", "testActionOutput": [%s]}}' \\
    "{\\"name\\": \\"test.xml\\", \\"uri\\": \\"file://$PWD/test.xml\\"}" >"$events"
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    for folder in ("tests/e2e/host", "tests/unit/tools", "docs"):
        (tmp_path / folder).mkdir(parents=True)
    for folder, rule in {
        "tests/e2e/host": "python_test(name = 'x')",
        "tests/unit/tools": "python_tests(srcs = ['x'])",
    }.items():
        (tmp_path / folder / "BUILD").write_text(rule + "\n")
        (tmp_path / folder / "test_x.py").touch()
    return tmp_path


@pytest.fixture
def bazel(workspace: Path) -> Callable[[str], None]:
    """Makes a program of the text."""

    def write(text: str) -> None:
        (workspace / "bazelw").write_text(text)
        (workspace / "bazelw").chmod(0o755)

    return write


@pytest.mark.parametrize(
    ("arguments", "patterns"),
    [
        ([], ["//..."]),
        (["."], ["//..."]),
        (["tests/unit"], ["//tests/unit/..."]),
        (["tests/e2e/host/", "tests/unit"], ["//tests/e2e/host/...", "//tests/unit/..."]),
        (["//tests/unit/tools:x"], ["//tests/unit/tools:x"]),
        (["//...", "-//tests/e2e/..."], ["//...", "-//tests/e2e/..."]),
    ],
)
def test_folders_become_patterns(workspace: Path, arguments: list[str], patterns: list[str]) -> None:
    assert Request.of(workspace, arguments) == Request(patterns)


@pytest.mark.parametrize(
    ("arguments", "only"),
    [
        (["tests/e2e/host/test_x.py"], "(test_x.py)"),
        (["tests/e2e/host/test_x.py::test_a"], "((test_x.py and test_a))"),
        (["tests/e2e/host/test_x.py", "--test_filter=a or b"], "(test_x.py) and (a or b)"),
    ],
)
def test_a_file_is_chosen_among_the_tests_of_its_folder(workspace: Path, arguments: list[str], only: str) -> None:
    request = Request.of(workspace, arguments)
    assert (request.patterns, request.options) == (["//tests/e2e/host:all"], [f"--test_filter={only}"])


@pytest.mark.parametrize("other", ["tests/unit", "//tests/unit:test_x"])
def test_a_file_beside_what_is_none_is_refused(workspace: Path, other: str) -> None:
    with pytest.raises(run.MixedPathsError, match="name files alone"):
        Request.of(workspace, ["tests/e2e/host/test_x.py", other])


def test_options_are_bazels(workspace: Path) -> None:
    request = Request.of(workspace, ["--test_output=streamed", "tests/unit", "--runs_per_test=2"])
    assert request.options == ["--test_output=streamed", "--runs_per_test=2"]


@pytest.mark.parametrize("unknown", ["tests/e2", "docs", "no/such", "tests/e2e/host/test_y.py"])
def test_a_path_without_tests_is_an_error_beside_one_with_tests_too(workspace: Path, unknown: str) -> None:
    with pytest.raises(run.UnknownPathError, match=f"no tests at or below {unknown}$"):
        Request.of(workspace, ["tests/unit", unknown])


@pytest.mark.parametrize(
    ("text", "status", "count"),
    [
        (BAZEL, 0, "1 passed, 0 failed"),
        (BAZEL.replace("exit 0", "exit 1"), 1, "1 passed, 1 failed"),
        ("#!/bin/sh\nexit 37\n", 1, "0 passed, 1 failed"),
        ("#!/bin/sh\n", 1, "0 passed, 0 failed"),
    ],
    ids=["passes", "does not build", "dies before it writes", "tests nothing"],
)
def test_the_last_line_is_the_count_and_the_status_says_whether_all_passed(
    workspace: Path,
    bazel: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    text: str,
    status: int,
    count: str,
) -> None:
    bazel(text)
    monkeypatch.setenv("BUILD_WORKSPACE_DIRECTORY", str(workspace))
    assert run.main(["tests/unit"]) == status
    assert capsys.readouterr().out.splitlines()[-1] == count


def test_what_is_tested_was_built_before_and_with_the_same_options(tmp_path: Path) -> None:
    seen: list[Sequence[str]] = []

    def bazel(arguments: Sequence[str]) -> int:
        seen.append(arguments)
        return 0

    assert run.run(Request(["//a/..."], ["--test_filter=x"]), bazel, tmp_path) == Count()
    (build, test) = seen
    assert build == ["build", "--config=hermetic", "--keep_going", "--test_filter=x", "--", "//a/..."]
    assert [word for word in test[1:] if not word.startswith("--build_event")] == build[1:]


def test_a_command_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(run, "TIME_LIMIT_SECONDS", 0.2)
    assert run.call([sys.executable, "-c", "import time; time.sleep(60)"], tmp_path) == 124
