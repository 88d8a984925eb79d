"""Whole outputs kept as files, renewed by `RENEW_GOLDEN=1 bazel run //tests/unit/release:<test>`."""

import os
from pathlib import Path

_HERE = "tests/unit/release"


def check(name: str, text: str) -> None:
    """Asserts that `text` is what the golden file says, or makes the file say it."""
    if os.environ.get("RENEW_GOLDEN"):
        root = os.environ.get("BUILD_WORKSPACE_DIRECTORY") or Path(__file__).parents[3]
        Path(root, _HERE, "golden", name).write_text(text)
    assert text == (Path(__file__).parent / "golden" / name).read_text()
