"""What is to be known though the work goes on, on standard error for whoever waits for the command."""

from __future__ import annotations

import sys

from viberun.protocol import NOTE


def note(text: object) -> None:
    print(f"{NOTE}{text}", file=sys.stderr, flush=True)
