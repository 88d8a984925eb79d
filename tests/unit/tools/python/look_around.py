"""Writes down what can be seen from here: {out}."""

import json
import os
import socket
import sys
from pathlib import Path


def main(argv: list[str]) -> int:
    out = Path(json.loads(Path(argv[0]).read_text())["out"])
    seen = {
        "interfaces": [name for _, name in socket.if_nameindex()],
        "environment": dict(os.environ),
        "host": sorted(
            str(path) for folder in ("/bin", "/usr/bin", "/lib", "/usr/lib") for path in Path(folder).glob("*")
        ),
    }
    out.write_text(json.dumps(seen, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
