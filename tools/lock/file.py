"""Writes lock files, and what is committed beside them."""

import os
from pathlib import Path


def replace(path: Path, text: str) -> None:
    """Puts the text into the file at one moment: a reader sees the old or the new, also after a crash."""
    new = path.with_name(f".{path.name}.new")
    with new.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
