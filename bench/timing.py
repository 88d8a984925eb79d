"""Times whole processes side by side: in turn, so that a machine whose speed drifts slows both alike."""

import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Command:
    """What is timed: `argv` run in `folder` (here, if None), each time after `before`, which is not timed."""

    argv: Sequence[str]
    folder: Path | None = None
    before: Sequence[str] = ()


def seconds(command: Command) -> float:
    """Runs `command` to its end and returns how long that took. Raises CalledProcessError if it fails."""
    if command.before:
        _run(command.before, command.folder)
    start = time.perf_counter()
    _run(command.argv, command.folder)
    return time.perf_counter() - start


def _run(argv: Sequence[str], folder: Path | None) -> None:
    quiet = subprocess.DEVNULL
    subprocess.run(argv, cwd=folder, check=True, stdin=quiet, stdout=quiet, stderr=quiet)


def compare(commands: Mapping[str, Command], runs: int) -> str:
    """Runs every command `runs` times in turn, after one run that does not count.

    Returns a table: the median and the least in milliseconds, and the median of the ratio to the first command.
    """
    for command in commands.values():
        seconds(command)
    samples: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            samples[name].append(seconds(command))
    first = next(iter(samples.values()))
    width = max(map(len, samples))
    lines = [f"{'':{width}}  median ms  least ms  ratio"]
    for name, times in samples.items():
        ratio = statistics.median(mine / base for mine, base in zip(times, first, strict=True))
        lines.append(f"{name:{width}} {statistics.median(times) * 1000:10.1f}{min(times) * 1000:10.1f}{ratio:7.2f}")
    return "\n".join(lines)
