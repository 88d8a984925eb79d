"""Writes what stable-status.txt says of the checkout's content."""

from pathlib import Path
from typing import Any


def main(request: dict[str, Any]) -> None:
    """Takes {status, out}."""
    lines = [line.partition(" ")[::2] for line in Path(request["status"]).read_text().splitlines()]
    tree = dict(lines).get("STABLE_VIBERUN_TREE")
    # Nothing may count as unchanged where nothing is known.
    if not tree:
        raise ValueError("git can't say what is in this checkout: is it a clone, and can all of its files be read?")
    Path(request["out"]).write_text(f"{tree}\n")
