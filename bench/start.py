"""How long `--version` takes to start, beside an interpreter that does nothing."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from bench import options
from bench.timing import Command, compare


def main(argv: Sequence[str]) -> int:
    binary, pex, *rest = argv
    runs = options.runs("start", __doc__, rest, default=20)
    runfiles = Path(os.environ["RUNFILES_DIR"])
    python = next(filter(Path.exists, [Path("/usr/bin/python3"), Path(sys.executable)]))
    commands = {
        "python3 -I -S -c pass": Command([str(python), "-I", "-S", "-c", "pass"]),
        "python3 -I -S -c 'import argparse'": Command([str(python), "-I", "-S", "-c", "import argparse"]),
        "viberun --version, self-contained": Command([str(runfiles / binary), "--version"]),
        "viberun --version, PEX": Command([str(python), str(runfiles / pex), "--version"]),
    }
    print(compare(commands, runs))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
