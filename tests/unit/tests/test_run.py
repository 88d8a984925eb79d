import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests import run
from tests.count import Count
from tests.suites import Suite


def suite(name: str, count: Count = Count(passed=1)) -> Suite:  # noqa: B008 # frozen
    return Suite(name, lambda scratch, environment: count)


def broken(scratch: Path, environment: Mapping[str, str]) -> Count:
    raise FileNotFoundError(scratch / "no/such/folder")


OUTSIDE = [suite("tests/checks"), suite("tests/e2e/binary"), suite("tests/e2e/channel")]


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    for folder, text in {
        "tests/release/local": "python_test(\n",
        "tests/unit/a": "[python_test(\n",
        "tests/e2e/binary": "python_library(\n",
    }.items():
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "BUILD").write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("folders", "names"),
    [
        ([], ["//...", "tests/checks", "tests/e2e/binary", "tests/e2e/channel"]),
        (["."], ["//...", "tests/checks", "tests/e2e/binary", "tests/e2e/channel"]),
        (["tests"], ["//tests/...", "tests/checks", "tests/e2e/binary", "tests/e2e/channel"]),
        (["tests/e2e"], ["tests/e2e/binary", "tests/e2e/channel"]),
        (["tests/e2e/channel/", "./tests/checks"], ["tests/checks", "tests/e2e/channel"]),
        (["tests/e2e", "tests/e2e/binary"], ["tests/e2e/binary", "tests/e2e/channel"]),
        (["tests/release"], ["//tests/release/..."]),
        (
            ["tests/checks", "tests/unit", "tests/release/local"],
            ["//tests/unit/... //tests/release/local/...", "tests/checks"],
        ),
    ],
)
def test_the_suites_at_or_below_the_folders_are_chosen(workspace: Path, folders: list[str], names: list[str]) -> None:
    assert [suite.name for suite in run.chosen(workspace, OUTSIDE, folders)] == names


@pytest.mark.parametrize("unknown", ["tests/e2", "tests/e2e/binary/no", "no/such"])
def test_a_folder_without_tests_is_an_error_beside_one_with_tests_too(workspace: Path, unknown: str) -> None:
    with pytest.raises(run.UnknownFolderError, match=f"no tests at or below {unknown}$"):
        run.chosen(workspace, OUTSIDE, ["tests/unit", unknown, "tests/checks"])


def test_the_total_is_that_of_all_suites(capsys: pytest.CaptureFixture[str]) -> None:
    assert run.run([suite("a", Count(2, 1)), suite("b", Count(3, 0))], {}) == Count(5, 1)
    assert "<== b: 3 passed, 0 failed in 0 s" in capsys.readouterr().out


def test_a_suite_that_breaks_down_is_one_failure_and_the_others_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert run.run([Suite("a", broken), suite("b")], {}) == Count(passed=1, failed=1)
    out, err = capsys.readouterr()
    assert "<== a: 0 passed, 1 failed" in out
    assert "no/such/folder" in err


@pytest.mark.parametrize(
    ("count", "status"), [(Count(passed=2), 0), (Count(passed=2, failed=1), 1), (Count(), 1), (Count(failed=1), 1)]
)
def test_the_last_line_is_the_count_and_the_status_says_whether_all_passed(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], count: Count, status: int
) -> None:
    monkeypatch.setenv("BUILD_WORKSPACE_DIRECTORY", str(workspace))
    monkeypatch.setenv("RUNFILES_DIR", str(workspace))
    monkeypatch.setattr(run, "outside_suites", lambda workspace, runfiles: [suite("tests/checks", count)])
    assert run.main(["tests/checks"]) == status
    assert capsys.readouterr().out.splitlines()[-1] == str(count)


def test_a_suite_gets_the_artifacts_and_nothing_of_how_it_was_started(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, str] = {}

    def look(scratch: Path, environment: Mapping[str, str]) -> Count:
        assert os.listdir(scratch) == []
        seen.update(environment)
        return Count(passed=1)

    monkeypatch.setenv("BUILD_WORKSPACE_DIRECTORY", str(workspace))
    monkeypatch.setenv("RUNFILES_DIR", str(workspace))
    monkeypatch.setattr(run, "outside_suites", lambda workspace, runfiles: [Suite("tests/checks", look)])
    assert run.main(["--artifact", "VIBERUN_WHEEL=viberun/a.whl", "tests/checks"]) == 0
    assert seen["VIBERUN_WHEEL"] == str(workspace.resolve() / "viberun/a.whl")
    assert not {"RUNFILES_DIR", "BUILD_WORKSPACE_DIRECTORY"} & seen.keys()
