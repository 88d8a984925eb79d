"""What the entry modules take from the process that they are; a test makes its own."""

import os
import platform
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from viberun.platforms import platform_of


@dataclass(frozen=True)
class Process:
    """`platform` is `linux-amd64` and the like, `clock` rises in seconds, `out` is for results alone."""

    environ: Mapping[str, str]
    platform: str
    clock: Callable[[], float]
    out: TextIO
    err: TextIO

    @staticmethod
    def this() -> "Process":
        name = platform_of(platform.system(), platform.machine())
        return Process(os.environ, name, time.monotonic, sys.stdout, sys.stderr)

    def runfile(self, path: str) -> Path:
        """Returns where one of the runfiles is, which Bazel names by its path below them."""
        return Path(self.environ["RUNFILES_DIR"], path)
