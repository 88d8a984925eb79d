"""Servers of other days: what each answers is in a file here, as an object or the lines of one."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

HERE = Path(__file__).parent
PAST = sorted((HERE / "past").glob("*.json"))
FURTHER = HERE / "tomorrow/protocol-4.json"
TOO_FAR = HERE / "tomorrow/protocol-9-that-knows-8.json"

# Whatever it is asked, it says something on standard error too that nobody knows how to read.
_HEAD = """#!/bin/sh
echo 'viberun-server: note: something new' >&2
echo 'viberun-server: progress: 0.5' >&2
case "$*" in
'apps logs '*) echo 'first'; exit ;;
"""
_TAIL = """*) echo "viberun-server: there is no $1; see 'viberun-server --help'" >&2; exit 2 ;;
esac
"""


def answers(path: Path) -> dict[str, object]:
    """What the server answers, by the command that it is asked by."""
    found: dict[str, object] = json.loads(path.read_text())
    return found


def script(path: Path, **changed: str) -> str:
    """A server that answers as the file says, its texts `changed`; its version stays what it is."""
    cases = ""
    for command, answer in answers(path).items():
        lines = answer if isinstance(answer, list) else [answer]
        texts = " ".join(shlex.quote(json.dumps(line)) for line in lines)
        for before, after in changed.items():
            texts = texts.replace(before, after)
        cases += f"{shlex.quote(command)}*) printf '%s\\n' {texts} ;;\n"
    return _HEAD + cases + _TAIL
