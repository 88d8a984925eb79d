"""buildifier over every BUILD file and every .bzl."""

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.checks.conftest import Run


def test_buildifier_finds_nothing(run: Run, sources: Mapping[str, Sequence[str]], tmp_path: Path) -> None:
    machine = {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine]
    packaged = Path(os.environ["VIBERUN_BUILDIFIER"]) / f"node_modules/@bazel/buildifier/buildifier-linux_{machine}"
    program = tmp_path / "buildifier"
    shutil.copy(packaged, program)
    program.chmod(0o755)
    assert {"BUILD", "WORKSPACE", "tools/python/python_test.bzl"} <= set(sources["starlark"])
    run([str(program), "-mode=check", "-lint=warn", *sources["starlark"]])
