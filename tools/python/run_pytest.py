"""Runs pytest for a `python_test`, between Bazel's test protocol and pytest's options.

`run_pytest --root DIR [--local] [--path NAME=FILE]... FILE... -- [ARGUMENT]...`: every path is one below RUNFILES_DIR; each
`--path` becomes an absolute one in the environment; ARGUMENTs (of `--test_arg`) are pytest's. What Bazel asks of a test is in
https://bazel.build/reference/test-encyclopedia.
"""

import argparse
import importlib.util
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

import pytest

from tools.python.kept_logs import KeptLogs
from tools.python.shard import Shard, TestsOfShard, say_collected

# Hypothesis' own. Left to find plugins by itself, pytest would compile all of Hypothesis in each process, to rewrite assertions.
_PLUGIN = "_hypothesis_pytestplugin"


@contextmanager
def scratch_folder(environ: Mapping[str, str], local: bool) -> Iterator[Path]:
    """Gives the folder for temporary files: TEST_TMPDIR, except where there is none and for tests outside the sandbox.

    Those start servers whose Unix sockets lie in it, and the path of a socket has at most 107 bytes (unix(7)).
    """
    if not local and (given := environ.get("TEST_TMPDIR")):
        yield Path(given)
        return
    folder = Path(tempfile.mkdtemp(prefix="viberun-test-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def premature_exit_told(environ: Mapping[str, str]) -> Iterator[None]:
    """Keeps the file by which Bazel knows that a test ended the process before the runner did."""
    file = environ.get("TEST_PREMATURE_EXIT_FILE")
    if file:
        Path(file).touch()
    yield
    if file:
        Path(file).unlink(missing_ok=True)


def coverage_measured(environ: Mapping[str, str], root: Path) -> AbstractContextManager[None]:
    """Measures which lines run where Bazel asks for it, as `bazel coverage` does."""
    if not (manifest := environ.get("COVERAGE_MANIFEST")):
        return nullcontext()
    from tools.coverage.measure import measured

    return measured(Path(manifest), root, Path(environ["COVERAGE_OUTPUT_FILE"]))


def asked_for(environ: Mapping[str, str]) -> list[str]:
    """Returns the options of pytest that stand for Bazel's: the report, --test_filter, --test_runner_fail_fast."""
    options = []
    if report := environ.get("XML_OUTPUT_FILE"):
        options.append(f"--junitxml={report}")
    if only := environ.get("TESTBRIDGE_TEST_ONLY"):
        options += ["-k", only]
    if environ.get("TESTBRIDGE_TEST_RUNNER_FAIL_FAST") == "1":
        options.append("--exitfirst")
    return options


def run(root: Path, files: list[Path], arguments: list[str], scratch: Path, environ: Mapping[str, str]) -> int:
    """Runs this shard's tests of `files`; returns pytest's exit code (5: the files have no tests).

    Where the files have tests, of which none is this shard's or asked for, that is 0.
    """
    tests = TestsOfShard(Shard.of(environ))
    plugins: list[object] = [tests]
    if outputs := environ.get("TEST_UNDECLARED_OUTPUTS_DIR"):
        plugins.append(KeptLogs(scratch / "pytest", Path(outputs)))
    options = ["-p", "no:cacheprovider", "--import-mode=importlib", "-q", "--durations=5", "--durations-min=1"]
    options += ["--disable-plugin-autoload", *(["-p", _PLUGIN] if importlib.util.find_spec(_PLUGIN) else [])]
    # A test outside of the sandbox finds the checkout's settings further up, which make the checkout importable.
    places = ["--override-ini=pythonpath=", "--rootdir", str(root), f"--basetemp={scratch / 'pytest'}"]
    with premature_exit_told(environ):
        status = pytest.main([*options, *places, *asked_for(environ), *map(str, files), *arguments], plugins)
    if status == pytest.ExitCode.NO_TESTS_COLLECTED and tests.collected:
        if report := environ.get("XML_OUTPUT_FILE"):
            say_collected(Path(report), tests.collected)
        return 0
    return int(status)


def main(argv: list[str]) -> int:
    at = argv.index("--")
    parser = argparse.ArgumentParser()
    parser.add_argument("--root", required=True)
    parser.add_argument("--local", action="store_true")
    parser.add_argument("--path", action="append", default=[])
    parser.add_argument("files", nargs="+")
    options = parser.parse_args(argv[:at])
    runfiles = Path(os.environ["RUNFILES_DIR"]).absolute()
    for name, _, path in (pair.partition("=") for pair in options.path):
        os.environ[name] = str(runfiles / path)
    # Bazel's time-out comes as SIGTERM: what fixtures have started is stopped.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    root = runfiles / options.root
    with scratch_folder(os.environ, options.local) as scratch, coverage_measured(os.environ, root):
        os.environ.pop("COVERAGE_MANIFEST", None)  # what tests start is not measured
        os.environ.setdefault("HOME", str(scratch))
        files = [runfiles / file for file in options.files]
        return run(root, files, argv[at + 1 :], scratch, os.environ)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
