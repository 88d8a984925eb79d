"""Writes version.json from Bazel's stable-status.txt."""

from pathlib import Path
from typing import Any

from tools.stamp import workspace_status
from viberun.errors import ViberunError


def main(request: dict[str, Any]) -> None:
    """Takes {channel, status, out}."""
    try:
        build = workspace_status.read(Path(request["status"]).read_text(), request["channel"])
    except ViberunError as error:
        raise ValueError(str(error)) from None
    Path(request["out"]).write_text(build.to_json())
