"""Writes down what can be seen from here: {out}."""

import json
import os
import socket
from pathlib import Path
from typing import Any


def main(request: dict[str, Any]) -> None:
    seen = {
        "interfaces": [name for _, name in socket.if_nameindex()],
        "environment": dict(os.environ),
        "host": sorted(
            str(path) for folder in ("/bin", "/usr/bin", "/lib", "/usr/lib") for path in Path(folder).glob("*")
        ),
    }
    Path(request["out"]).write_text(json.dumps(seen, indent=2) + "\n")
