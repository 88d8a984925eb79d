"""Notes on standard error what whoever waits for a command should know while it goes on."""

from __future__ import annotations

import sys

from viberun.protocol import NOTE


def note(text: object) -> None:
    print(f"{NOTE}{text}", file=sys.stderr, flush=True)
