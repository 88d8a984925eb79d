"""README.md as those read it who follow it: its command blocks, and what stands above each about who tries it."""

import re
from dataclasses import dataclass
from pathlib import Path

_BLOCK = re.compile(r"(?:<!-- (?P<mark>[^\n]*) -->\n)?```sh\n(?P<text>.*?)```\n", re.DOTALL)
REPOSITORY = "example/viberun"


@dataclass(frozen=True)
class Block:
    """`mark` is the comment above: `tried` here, `tried by FILE`, or `not tried: REASON`."""

    heading: str
    mark: str
    commands: tuple[str, ...]


def blocks(text: str) -> list[Block]:
    found = []
    for match in _BLOCK.finditer(text):
        headings = re.findall(r"^#+ (.*)$", text[: match.start()], re.MULTILINE)
        lines = (re.sub(r"\s+#.*$", "", line) for line in match["text"].splitlines())
        commands = tuple(line.replace("OWNER/NAME", REPOSITORY) for line in lines if line.strip())
        found.append(Block(headings[-1] if headings else "", match["mark"] or "", commands))
    return found


def tried(page: Path) -> dict[str, list[Block]]:
    """The blocks that are tried here, by the heading that they stand under."""
    found: dict[str, list[Block]] = {}
    for block in blocks(page.read_text()):
        if block.mark == "tried":
            found.setdefault(block.heading, []).append(block)
    return found
