"""Writes version.json from Bazel's stable-status.txt."""

import json
import sys
from pathlib import Path

from tools.stamp import workspace_status
from viberun.errors import ViberunError


def main(argv: list[str]) -> int:
    """Takes the manifest's path: {channel, status, out, target}."""
    request = json.loads(Path(argv[0]).read_text())
    try:
        build = workspace_status.read(Path(request["status"]).read_text(), request["channel"])
    except ViberunError as error:
        print(f"{request['target']}: {error}", file=sys.stderr)
        return error.exit_code
    Path(request["out"]).write_text(build.to_json())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
