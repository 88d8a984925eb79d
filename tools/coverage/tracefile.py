"""Reads, merges and writes LCOV tracefiles (geninfo(1)), of which lines alone are used: how often each ran, by source."""

from collections.abc import Mapping
from pathlib import Path

# Line number to how often it ran, by the source's path below the workspace's root.
Lines = Mapping[str, Mapping[int, int]]


def read(file: Path) -> dict[str, dict[int, int]]:
    """Reads a tracefile; an empty one, as a test without sources writes, has no lines."""
    found: dict[str, dict[int, int]] = {}
    source: dict[int, int] = {}
    for record in file.read_text().splitlines():
        kind, _, value = record.partition(":")
        if kind == "SF":
            source = found.setdefault(value, {})
        elif kind == "DA":
            line, count = map(int, value.split(",")[:2])
            source[line] = source.get(line, 0) + count
    return found


def write(file: Path, sources: Lines) -> None:
    """Writes a tracefile: sources and lines in order, so that the same counts are the same bytes."""
    records: list[str] = []
    for name, lines in sorted(sources.items()):
        records += ["TN:", f"SF:{name}", *(f"DA:{line},{count}" for line, count in sorted(lines.items()))]
        records += [f"LH:{sum(1 for count in lines.values() if count)}", f"LF:{len(lines)}", "end_of_record"]
    file.write_text("".join(f"{record}\n" for record in records))


def merge(parts: list[Lines]) -> dict[str, dict[int, int]]:
    """Adds up how often each line ran."""
    total: dict[str, dict[int, int]] = {}
    for part in parts:
        for name, lines in part.items():
            counts = total.setdefault(name, {})
            for line, count in lines.items():
                counts[line] = counts.get(line, 0) + count
    return total
