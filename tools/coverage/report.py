"""Merges the tracefiles of all tests into one, where `bazel coverage` starts its report generator.

`report --reports_file FILE --output_file FILE`: the first lists tracefiles, a path a line.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.coverage.tracefile import merge, read, write


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reports_file", type=Path, required=True)
    parser.add_argument("--output_file", type=Path, required=True)
    options = parser.parse_args(argv)
    reports = [Path(line) for line in options.reports_file.read_text().splitlines()]
    write(options.output_file, merge([read(report) for report in reports]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
