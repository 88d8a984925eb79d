"""Times whole processes side by side: in turn, so that a machine whose speed drifts slows both alike."""

import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence


def seconds(command: Sequence[str]) -> float:
    """Runs `command` to its end and returns how long that took. Raises CalledProcessError if it fails."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def compare(commands: Mapping[str, Sequence[str]], runs: int) -> str:
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
