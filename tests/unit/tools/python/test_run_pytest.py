import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import pytest

SEVEN = """
import pytest
@pytest.mark.parametrize("number", range(7))
def test_number(number): pass
"""


class Runner:
    """Starts the runner as a python_test does, on one file of tests."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.report = folder / "report.xml"
        (folder / "tests").mkdir()
        (folder / "scratch").mkdir()
        (folder / "outputs").mkdir()

    def start(self, text: str, *arguments: str, own: str = "", **variables: str) -> "subprocess.Popen[str]":
        (self.folder / "tests/test_it.py").write_text(text)
        paths = [argument for path in sys.path if not path.startswith(sys.prefix) for argument in ("--path", path)]
        launch = ["-I", "-S", "-B", os.environ["LAUNCH"], *paths, "tools.python.run_pytest"]
        environment = {
            "RUNFILES_DIR": str(self.folder),
            "TEST_TMPDIR": str(self.folder / "scratch"),
            "TEST_UNDECLARED_OUTPUTS_DIR": str(self.folder / "outputs"),
            "XML_OUTPUT_FILE": str(self.report),
            **variables,
        }
        return subprocess.Popen(
            [sys.executable, *launch, "--root=tests", *own.split(), "tests/test_it.py", "--", *arguments],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, text: str, *arguments: str, own: str = "", **variables: str) -> int:
        self.report.unlink(missing_ok=True)
        with self.start(text, *arguments, own=own, **variables) as process:
            self.out = process.communicate(timeout=60)[0]
        return process.returncode

    def cases(self) -> list[str]:
        return [str(case.get("name")) for case in ElementTree.parse(self.report).iter("testcase")]

    def collected(self) -> list[str | None]:
        return [
            found.get("value") for found in ElementTree.parse(self.report).iterfind(".//property[@name='collected']")
        ]


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path)


def test_a_failed_test_is_a_failure_and_in_the_report(runner: Runner) -> None:
    assert runner.run("def test_a(): pass\ndef test_b(): assert False\n") == 1
    assert runner.cases() == ["test_a", "test_b"]


def test_files_without_tests_are_a_failure(runner: Runner) -> None:
    assert runner.run("def nothing(): pass\n") == 5


@pytest.mark.parametrize("total", [1, 2, 3, 7])
def test_every_test_is_in_exactly_one_shard_and_again_in_that_one(runner: Runner, total: int) -> None:
    def of(shard: int) -> list[str]:
        status = runner.run(SEVEN, TEST_TOTAL_SHARDS=str(total), TEST_SHARD_INDEX=str(shard))
        assert status == 0, runner.out
        return runner.cases()

    shards = [of(shard) for shard in range(total)]
    assert Counter(name for shard in shards for name in shard) == Counter(f"test_number[{n}]" for n in range(7))
    assert max(map(len, shards)) - min(map(len, shards)) <= 1
    assert of(0) == shards[0]


def test_a_shard_tells_that_it_knows_of_shards(runner: Runner) -> None:
    file = runner.folder / "status"
    shard = {"TEST_TOTAL_SHARDS": "2", "TEST_SHARD_INDEX": "0"}
    assert runner.run(SEVEN, TEST_SHARD_STATUS_FILE=str(file), **shard) == 0
    assert file.exists()


def test_a_shard_without_tests_is_well_only_where_the_files_have_some(runner: Runner) -> None:
    first_of_nine = {"TEST_TOTAL_SHARDS": "9", "TEST_SHARD_INDEX": "0"}
    assert runner.run(SEVEN, **first_of_nine) == 0
    assert (runner.cases(), runner.collected()) == ([], ["7"])
    assert runner.run("", **first_of_nine) == 5
    assert runner.collected() == []


def test_a_filter_chooses_tests(runner: Runner) -> None:
    assert runner.run("def test_a(): pass\ndef test_b(): assert False\n", TESTBRIDGE_TEST_ONLY="test_a") == 0
    assert runner.cases() == ["test_a"]


def test_a_filter_that_nothing_matches_says_how_many_there_are(runner: Runner) -> None:
    assert runner.run(SEVEN, TESTBRIDGE_TEST_ONLY="nothing_is_called_so") == 0
    assert runner.collected() == ["7"]


def test_shards_are_of_what_a_filter_leaves(runner: Runner) -> None:
    two = {"TEST_TOTAL_SHARDS": "2", "TESTBRIDGE_TEST_ONLY": "5 or 6"}
    assert runner.run(SEVEN, TEST_SHARD_INDEX="0", **two) == 0
    assert runner.cases() == ["test_number[5]"]
    assert runner.run(SEVEN, TEST_SHARD_INDEX="1", **two) == 0
    assert runner.cases() == ["test_number[6]"]


def test_the_first_failure_ends_a_run_that_is_to_fail_fast(runner: Runner) -> None:
    text = "def test_a(): assert False\ndef test_b(): pass\n"
    assert runner.run(text, TESTBRIDGE_TEST_RUNNER_FAIL_FAST="1") == 1
    assert runner.cases() == ["test_a"]


def test_arguments_reach_pytest(runner: Runner) -> None:
    assert runner.run(SEVEN, "--collect-only") == 0
    assert "test_it.py::test_number[6]" in runner.out


def test_paths_are_absolute_in_the_environment(runner: Runner) -> None:
    text = f"import os\ndef test_a(): assert os.environ['PROGRAM'] == '{runner.folder}/some/program'\n"
    assert runner.run(text, own="--path=PROGRAM=some/program") == 0, runner.out


def test_temporary_files_are_in_the_folder_that_bazel_gives(runner: Runner) -> None:
    text = f"def test_a(tmp_path): assert str(tmp_path).startswith('{runner.folder}/scratch/')\n"
    assert runner.run(text) == 0, runner.out


def test_outside_of_the_sandbox_their_folder_has_a_short_path_and_goes(runner: Runner) -> None:
    text = "import pathlib\ndef test_a(tmp_path): pathlib.Path('{}').write_text(str(tmp_path))\n"
    kept = runner.folder / "kept"
    assert runner.run(text.format(kept), own="--local", TMPDIR="/tmp") == 0, runner.out
    assert len(kept.read_text()) < 60
    assert not Path(kept.read_text()).parents[1].exists()


def test_logs_are_kept_as_they_stood_when_a_test_failed(runner: Runner) -> None:
    text = """
import pytest
@pytest.fixture
def server(tmp_path):
    (tmp_path / "server.log").write_text("listening")
    yield
    (tmp_path / "server.log").unlink()
def test_good(server): pass
def test_bad(server): assert False
"""
    assert runner.run(text) == 1
    (kept,) = (runner.folder / "outputs").rglob("*.log")
    assert kept.read_text() == "listening"
    assert kept.relative_to(runner.folder / "outputs").parts[0] == "test_bad-call"


def test_a_test_that_ends_the_process_is_told_of(runner: Runner) -> None:
    file = runner.folder / "premature"
    assert runner.run("import os\ndef test_a(): os._exit(0)\n", TEST_PREMATURE_EXIT_FILE=str(file)) == 0
    assert file.exists()
    assert runner.run("def test_a(): pass\n", TEST_PREMATURE_EXIT_FILE=str(file)) == 0
    assert not file.exists()


def test_fixtures_end_what_they_started_when_the_time_is_up(runner: Runner) -> None:
    text = f"""
import json, pathlib, time, pytest
@pytest.fixture(scope="session")
def server():
    pathlib.Path('{runner.folder}/events').write_text('["started"]')
    yield
    pathlib.Path('{runner.folder}/events').write_text('["started", "stopped"]')
def test_a(server): time.sleep(60)
"""
    with runner.start(text) as process:
        deadline = time.monotonic() + 30
        while not (runner.folder / "events").exists():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 2
    assert json.loads((runner.folder / "events").read_text()) == ["started", "stopped"]
