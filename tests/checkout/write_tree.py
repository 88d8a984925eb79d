"""Writes what stable-status.txt says of the checkout's content."""

from pathlib import Path
from typing import Any


def main(request: dict[str, Any]) -> None:
    """Takes {status, out}."""
    lines = [line.split(" ", 1) for line in Path(request["status"]).read_text().splitlines()]
    facts = {key: value for key, value in lines if value}
    # Without git nothing is known, so nothing may count as unchanged: the build fails.
    Path(request["out"]).write_text(facts["STABLE_VIBERUN_TREE"] + "\n")
