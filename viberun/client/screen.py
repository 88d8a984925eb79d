"""Shows steps, progress and warnings: live on a terminal, in plain lines elsewhere.

Answers go to standard output, warnings to standard error. Colours only on a terminal, and not where
NO_COLOR is set (no-color.org).
"""

from __future__ import annotations

import contextlib
import io
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TextIO

_STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33"}
_EVERY = 0.1  # seconds between two pictures of the progress


class Screen:
    """Writes to `out` and `err`; `live` is whether `out` is a terminal that lines can be rewritten on.

    A warning can come from another thread, as what a host says does.
    """

    def __init__(
        self,
        out: TextIO,
        err: TextIO,
        environ: Mapping[str, str],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.out, self.err, self._now = out, err, now
        if isinstance(out, io.TextIOWrapper):
            out.reconfigure(errors="replace")  # what an app prints need not be in this encoding
        terminal = out.isatty() and environ.get("TERM", "") != "dumb"
        self.live = terminal
        self._coloured = terminal and not environ.get("NO_COLOR")
        fancy = (getattr(out, "encoding", "") or "").lower().replace("-", "") == "utf8"
        self._good, self._bad, self._busy = ("✓", "✗", "·") if fancy else ("+", "x", "-")
        self._doing = ""
        self._drawn = 0.0
        self._lock = threading.RLock()

    def styled(self, text: str, *styles: str) -> str:
        if not self._coloured:
            return text
        return f"\033[{';'.join(_STYLES[style] for style in styles)}m{text}\033[0m"

    def line(self, text: str = "") -> None:
        with self._lock:
            self.out.write(f"{text}\n")
            self.out.flush()

    def warn(self, text: str) -> None:
        """Says in one line that something is not as it should be, though the work goes on."""
        with self._lock:
            self._wipe()
            self.out.flush()
            self.err.write(f"viberun: {text}\n")
            self.err.flush()
            self._draw(self._doing)

    @contextlib.contextmanager
    def step(self, doing: str) -> Iterator[Step]:
        """One step of the work. On a terminal its line stands while it lasts, elsewhere once it is done."""
        step = Step(self, doing)
        self.show(doing, now=True)
        try:
            yield step
        except BaseException:
            self._end(f"{self.styled(self._bad, 'red')} {step.text}")
            raise
        self._end(f"{self.styled(self._good, 'green')} {step.text}")

    def show(self, text: str, *, now: bool = False) -> None:
        """Redraws the line of the step that runs; not too often, unless `now`."""
        with self._lock:
            self._doing = text
            if now or self._now() - self._drawn >= _EVERY:
                self._draw(text)

    def _end(self, line: str) -> None:
        with self._lock:
            self._wipe()
            self._doing = ""
            self.line(line)

    def _draw(self, text: str) -> None:
        if self.live and text:
            self._drawn = self._now()
            width = shutil.get_terminal_size().columns - 4
            clipped = text if len(text) <= width else text[:width]
            self.out.write(f"\r\033[K{self.styled(self._busy, 'yellow')} {clipped}")
            self.out.flush()

    def _wipe(self) -> None:
        if self.live and self._doing:
            self.out.write("\r\033[K")


class Step:
    """What a step tells of itself; `text` is what its line says in the end."""

    def __init__(self, screen: Screen, text: str) -> None:
        self._screen = screen
        self._doing = text
        self.text = text

    def doing(self, text: str) -> None:
        """Says what goes on now within the step; to say the same again leaves the progress standing."""
        if text != self._doing:
            self._doing = text
            self._screen.show(text, now=True)

    def bytes(self, done: int, total: int) -> None:
        """Shows how much of something has come, in bytes; a total of 0 is not known."""
        self._screen.show(f"{self._doing} {amount(done, total)}")

    def done(self, text: str) -> None:
        self.text = text


def amount(done: int, total: int) -> str:
    """Spells a share of something for people: `12.3 of 45.6 MB (27 %)`."""
    if total <= 0:
        return f"{done / 1e6:.1f} MB"
    share = min(done, total)
    return f"{share / 1e6:.1f} of {total / 1e6:.1f} MB ({100 * share // total} %)"
