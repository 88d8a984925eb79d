"""Reads and writes Debian's control files (deb822, Debian policy 5.1): paragraphs of fields, kept as they stand."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Fields in their order. A value keeps its continuation lines, each after a newline, and no space after the colon."""

    fields: tuple[tuple[str, str], ...]

    def get(self, name: str, default: str = "") -> str:
        return next((value for key, value in self.fields if key == name), default)

    def __getitem__(self, name: str) -> str:
        for key, value in self.fields:
            if key == name:
                return value
        raise KeyError(name)


def parse(text: str) -> Paragraph:
    """Parses the one paragraph of a package's `control`.

    Raises:
        ValueError: a line is no field.
    """
    fields: list[tuple[str, str]] = []
    for line in text.splitlines():
        if line[:1] in (" ", "\t") and fields:
            name, value = fields[-1]
            fields[-1] = (name, f"{value}\n{line}")
        elif line:
            name, colon, value = line.partition(":")
            if not colon:
                raise ValueError(f"no field of a control file: {line}")
            fields.append((name, value.strip()))
    return Paragraph(tuple(fields))


def write(fields: Iterator[tuple[str, str]] | tuple[tuple[str, str], ...]) -> str:
    """Returns the paragraph's text, without the blank line after it."""
    return "".join(f"{name}:{'' if value.startswith(chr(10)) else ' '}{value}\n" for name, value in fields)
