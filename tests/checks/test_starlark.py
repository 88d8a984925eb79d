"""buildifier over every BUILD file and every .bzl."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.checks.conftest import Run
from tests.checks.tools import buildifier


def test_buildifier_finds_nothing(run: Run, sources: Mapping[str, Sequence[str]], tmp_path: Path) -> None:
    assert {"BUILD", "WORKSPACE", "tools/python/python_test.bzl"} <= set(sources["starlark"])
    program = buildifier(Path(os.environ["VIBERUN_BUILDIFIER"]), tmp_path)
    run([str(program), "-mode=check", "-lint=warn", *sources["starlark"]])
