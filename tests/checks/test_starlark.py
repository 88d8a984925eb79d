"""buildifier over every BUILD file and every .bzl."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.checks.conftest import Run
from tests.checks.tools import buildifier


def test_buildifier_finds_nothing(run: Run, sources: Mapping[str, Sequence[str]], tmp_path: Path) -> None:
    assert {"BUILD", "WORKSPACE", "tools/python/defs.bzl"} <= set(sources["starlark"])
    program = buildifier(Path(os.environ["VIBERUN_BUILDIFIER"]), tmp_path)
    run([str(program), "-mode=check", "-lint=warn", *sources["starlark"]])


def test_what_is_private_is_for_its_own_folder_alone(workspace: Path, sources: Mapping[str, Sequence[str]]) -> None:
    private = {
        path: path.partition("/private/")[0]
        for path in sources["starlark"]
        if path.endswith(".bzl") and "/private/" in path
    }
    public = [
        path
        for path, folder in private.items()
        if f'\nvisibility("//{folder}/...")\n' not in (workspace / path).read_text()
    ]
    assert private
    assert public == []
