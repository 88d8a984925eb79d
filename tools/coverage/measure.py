"""Measures which lines of the sources a process runs, and writes that as an LCOV tracefile (geninfo(1)).

Children of the process are not measured.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from coverage import Coverage

from tools.coverage.tracefile import write


def sources(manifest: Path, root: Path) -> dict[str, Path]:
    """Returns the Python files that the manifest names, a path below `root` a line; each once."""
    names = [line for line in manifest.read_text().splitlines() if line.endswith(".py")]
    return {name: root / name for name in sorted(set(names))}


@contextmanager
def measured(manifest: Path, root: Path, output: Path) -> Iterator[None]:
    """Measures what runs meanwhile. A line counts as run once or never; a file that nobody imports has none that ran."""
    files = sources(manifest, root)
    coverage = Coverage(data_file=None, config_file=False, include=[str(file) for file in files.values()])
    coverage.set_option("run:core", "sysmon")
    coverage.set_option("run:disable_warnings", ["no-data-collected"])
    coverage.start()
    try:
        yield
    finally:
        coverage.stop()
        lines = {}
        for name, file in files.items():
            _, statements, _, missing, _ = coverage.analysis2(str(file))
            lines[name] = {line: int(line not in missing) for line in statements}
        write(output, lines)
