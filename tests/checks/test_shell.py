"""shellcheck over every shell script."""

from collections.abc import Callable, Sequence
from pathlib import Path

Run = Callable[[Sequence[str]], None]


def test_shellcheck_finds_nothing(run: Run, workspace: Path, tracked: list[str]) -> None:
    def is_script(path: str) -> bool:
        with (workspace / path).open("rb") as file:
            return path.endswith(".sh") or file.readline().startswith((b"#!/bin/sh", b"#!/usr/bin/env bash"))

    scripts = [path for path in tracked if is_script(path)]
    assert {"bazelw", "test", ".ci/run", "install.sh", "tools/stamp/status.sh"} <= set(scripts)
    run(["shellcheck", *scripts])
