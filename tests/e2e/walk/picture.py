"""A session on a terminal as an SVG: what programs wrote, as a terminal of 100 columns would have shown it in the end.

Knows what `viberun.client.screen` writes: carriage returns, erasing to the end of the line, and a few colours.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

_COLUMNS = 100
_WIDTH, _HEIGHT, _MARGIN = 8.4, 19, 16
_PLAIN = "#d0d4dc"
_COLOURS = {"31": "#f07178", "32": "#a5d16c", "33": "#f0c674"}
_PIECES = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])|(\r)|([^\x1b\r]+)|\x1b")


@dataclass(frozen=True)
class Cell:
    character: str
    colour: str = _PLAIN
    bold: bool = False


@dataclass(frozen=True)
class Typed:
    """A command, and everything that was written until it had ended."""

    command: str
    written: str


def render(session: Sequence[Typed]) -> str:
    """The SVG, the same for the same session."""
    lines = [line for typed in session for line in _lines(typed)]
    width, height = round(_COLUMNS * _WIDTH + 2 * _MARGIN), len(lines) * _HEIGHT + 2 * _MARGIN
    texts = [f"  {_text(line, _MARGIN + (number + 1) * _HEIGHT - 5)}\n" for number, line in enumerate(lines) if line]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">\n'
        f'  <rect width="{width}" height="{height}" rx="8" fill="#1d2027"/>\n'
        "  <g font-family=\"ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace\""
        ' font-size="14" xml:space="preserve">\n'
        f"{''.join(texts)}"
        "  </g>\n"
        "</svg>\n"
    )


def words(svg: str) -> list[str]:
    """The lines of text that an SVG of `render` shows."""
    texts = re.findall(r"<text [^>]*>(.*?)</text>", svg)
    plain = (re.sub("<[^>]*>", "", text) for text in texts)
    return [line.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") for line in plain]


def _lines(typed: Typed) -> Iterator[list[Cell]]:
    yield [Cell("$", _COLOURS["32"], bold=True), *(Cell(each, bold=True) for each in f" {typed.command}")]
    for written in typed.written.rstrip("\r\n").split("\n"):
        shown = _shown(written)
        for start in range(0, max(len(shown), 1), _COLUMNS):
            yield shown[start : start + _COLUMNS]


def _shown(written: str) -> list[Cell]:
    """What one line shows in the end."""
    cells: list[Cell] = []
    at, colour, bold = 0, _PLAIN, False
    for codes, kind, back, text in _PIECES.findall(written):
        if back:
            at = 0
        elif kind == "K":
            del cells[at:]
        elif kind == "m":
            for code in codes.split(";"):
                bold = code == "1" or (bold and code not in ("", "0"))
                colour = _COLOURS.get(code, _PLAIN if code in ("", "0") else colour)
        for character in text:
            cells[at : at + 1] = [Cell(character, colour, bold)]
            at += 1
    while cells and cells[-1].character == " ":
        cells.pop()
    return cells


def _text(line: Sequence[Cell], y: int) -> str:
    spans, start = [], 0
    for end in range(1, len(line) + 1):
        if end < len(line) and (line[end].colour, line[end].bold) == (line[start].colour, line[start].bold):
            continue
        weight = ' font-weight="bold"' if line[start].bold else ""
        content = escape("".join(cell.character for cell in line[start:end]))
        spans.append(f'<tspan fill="{line[start].colour}"{weight}>{content}</tspan>')
        start = end
    return f'<text x="{_MARGIN}" y="{y}">{"".join(spans)}</text>'
