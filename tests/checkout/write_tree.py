"""Writes what stable-status.txt says of the checkout's content."""

import json
import sys
from pathlib import Path


def main(argv: list[str]) -> int:
    """Reads the request `argv[0]`: the status, and the file to write."""
    request = json.loads(Path(argv[0]).read_text())
    lines = [line.split(" ", 1) for line in Path(request["status"]).read_text().splitlines()]
    facts = {key: value for key, value in lines if value}
    # Without git nothing is known, so nothing may count as unchanged: the build fails.
    Path(request["out"]).write_text(facts["STABLE_VIBERUN_TREE"] + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
