"""Tells whoever waits what a release is at.

One line that rewrites itself on a terminal; elsewhere plain lines, so that a log stays readable.
Knows nothing of what the steps do.
"""

import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TextIO

_LIVE_EVERY = 0.1
_PLAIN_EVERY = 10.0
_NEAR = 0.8
_ERASE_LINE = "\r\x1b[K"


def size_text(size: int) -> str:
    """Writes bytes in decimal units, as registries count them: `940 B`, `12.3 kB`, `104.9 MB`."""
    for unit, factor in (("B", 1), ("kB", 10**3), ("MB", 10**6)):
        if round(size / factor, 1) < 1000:
            return f"{size / factor:.{0 if factor == 1 else 1}f} {unit}"
    return f"{size / 10**9:.1f} GB"


@dataclass(frozen=True)
class Style:
    """How to talk to a stream. `width` columns for a line that rewrites itself, else None."""

    width: int | None = None
    colour: bool = False
    quiet: bool = False

    @staticmethod
    def of(stream: TextIO, env: Mapping[str, str], quiet: bool) -> "Style":
        """Goes by what the stream is, and by NO_COLOR (no-color.org) and TERM (`dumb` rewrites nothing)."""
        if not stream.isatty() or env.get("TERM", "dumb") == "dumb":
            return Style(quiet=quiet)
        try:
            width = os.get_terminal_size(stream.fileno()).columns
        except OSError:
            width = 0
        return Style(width=width or 80, colour=not env.get("NO_COLOR"), quiet=quiet)


@dataclass
class _Task:
    step: str
    destination: str
    began: float
    total: int = 0
    moved: int = 0

    def text(self, now: float) -> str:
        parts = [f"{self.step:<9} {self.destination}"]
        if self.total:
            parts.append(f"{size_text(self.moved)} of {size_text(self.total)}")
        if self.moved and now > self.began:
            parts.append(f"{size_text(int(self.moved / (now - self.began)))}/s")
        return "  ".join(parts)


class Meter:
    """What one step at one destination reports through."""

    def __init__(self, progress: "Progress", task: _Task) -> None:
        self._progress = progress
        self._task = task

    def expect(self, size: int) -> None:
        """Adds to the bytes that are to be moved or read."""
        self._progress.advance(self._task, size, 0)

    def moved(self, size: int) -> None:
        """Adds to those that have been."""
        self._progress.advance(self._task, 0, size)

    def note(self, text: str) -> None:
        """Shows something that a waiting person wants to know now."""
        self._progress.tell(self._task, text)

    def warn(self, text: str) -> None:
        """Shows what should be mended and fails nothing; the summary repeats it."""
        self._progress.warn(self._task, text)

    def note_usage(self, used: float, most: float, text: str, remedy: str) -> None:
        """Notes how much of a limit is used, and warns with the remedy from 80 % on, while there is time for it."""
        if used >= _NEAR * most:
            self.warn(f"{text}; {remedy}")
        else:
            self.note(text)

    def end(self, text: str = "") -> None:
        """Ends the step; `text` says what came of it, if that is worth a line."""
        self._progress.end(self._task, text)


class Progress:
    """The one display of a run; steps at several destinations may report at once."""

    def __init__(self, stream: TextIO, style: Style, clock: Callable[[], float]) -> None:
        self._stream = stream
        self._style = style
        self._clock = clock
        self._every = _LIVE_EVERY if style.width else _PLAIN_EVERY
        self._next = clock() + self._every
        self._tasks: list[_Task] = []
        self._lock = threading.Lock()
        self.spent: dict[str, float] = {}
        """Seconds at each destination, all steps together."""
        self.warnings: list[str] = []
        """What is to be said once more at the end, by destination."""

    def begin(self, step: str, destination: str) -> Meter:
        """Starts a step at a destination."""
        with self._lock:
            task = _Task(step, destination, self._clock())
            self._tasks.append(task)
        return Meter(self, task)

    def advance(self, task: _Task, expected: int, moved: int) -> None:
        with self._lock:
            task.total += expected
            task.moved += moved
            now = self._clock()
            if now >= self._next:
                self._next = now + self._every
                self._show([each.text(now) for each in self._tasks])

    def tell(self, task: _Task, text: str) -> None:
        with self._lock:
            self._print(task, text)

    def warn(self, task: _Task, text: str) -> None:
        self.warnings.append(f"warning: {task.destination}: {text}")
        self.tell(task, f"warning: {text}")

    def end(self, task: _Task, text: str) -> None:
        with self._lock:
            self._tasks.remove(task)
            self.spent[task.destination] = self.spent.get(task.destination, 0.0) + self._clock() - task.began
            self._print(task, text)

    def _print(self, task: _Task, text: str) -> None:
        erase = _ERASE_LINE if self._style.width else ""
        if text:
            step = f"\x1b[1m{task.step:<9}\x1b[0m" if self._style.colour else f"{task.step:<9}"
            self._write(f"{erase}{step} {task.destination}  {text}\n")
        else:
            self._write(erase)

    def _show(self, texts: list[str]) -> None:
        if self._style.width:
            self._write(_ERASE_LINE + "; ".join(texts)[: self._style.width - 1])
        else:
            self._write("".join(f"{text}\n" for text in texts))

    def _write(self, text: str) -> None:
        if text and not self._style.quiet:
            self._stream.write(text)
            self._stream.flush()
