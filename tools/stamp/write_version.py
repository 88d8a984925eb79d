"""Writes version.json from Bazel's stable-status.txt. What the lines mean is viberun.build's business."""

import json
import sys
from pathlib import Path

from viberun.build import Build
from viberun.errors import ViberunError


def main(argv: list[str]) -> int:
    """Takes the manifest's path: {channel, status, out, target}."""
    request = json.loads(Path(argv[0]).read_text())
    try:
        build = Build.from_status(Path(request["status"]).read_text(), request["channel"])
    except ViberunError as error:
        print(f"{request['target']}: {error}", file=sys.stderr)
        return error.exit_code
    Path(request["out"]).write_text(build.to_json())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
