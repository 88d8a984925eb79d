"""Whole outputs kept as files, renewed by `RENEW_GOLDEN=1 bazel run //tests/unit/<folder>:<test>`."""

from __future__ import annotations

import os
from pathlib import Path


def check(path: str, text: str) -> None:
    """Asserts that `text` is what the golden file says, or makes the file say it; `path` is from the workspace's root."""
    if os.environ.get("RENEW_GOLDEN"):
        root = os.environ.get("BUILD_WORKSPACE_DIRECTORY") or Path(__file__).parents[2]
        Path(root, path).write_text(text)
    assert text == (Path(__file__).parents[2] / path).read_text()
