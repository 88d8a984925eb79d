"""Asks the user questions, on a terminal alone."""

from __future__ import annotations

import select
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TextIO

from viberun.client.screen import Screen

_LONGEST_WAIT = 0.2  # seconds


def typed(prompt: str) -> str:
    """Reads a line from the terminal as `input` does, whose own wait does not end by an interrupt just before it."""
    print(prompt, end="", flush=True)
    while not select.select([sys.stdin], [], [], _LONGEST_WAIT)[0]:
        pass
    return input()


@dataclass(frozen=True)
class Prompts:
    """Asks where both ends are a terminal; elsewhere takes the default and prints that it did.

    `always` is the answer to every question where the command line gave one.
    """

    screen: Screen
    source: TextIO
    always: bool | None = None
    read: Callable[[str], str] = typed

    @property
    def possible(self) -> bool:
        return self.source.isatty() and self.screen.out.isatty()

    def yes(self, question: str, *, default: bool) -> bool:
        """Asks a question of yes or no; Enter is the default, the end of the input is no."""
        if self.always is not None:
            self.screen.line(f"{question} {'Yes' if self.always else 'No'} (as the command line says)")
            return self.always
        if not self.possible:
            self.screen.line(
                f"{question} {'Yes' if default else 'No'} (the default, as there is no terminal to ask on)"
            )
            return default
        hint = "[Y/n]" if default else "[y/N]"
        while True:
            try:
                answer = self.read(f"{self.screen.styled(question, 'bold')} {hint} ").strip().lower()
            except EOFError:
                self.screen.line()
                return False
            if answer in ("", "y", "yes", "n", "no"):
                return default if not answer else answer.startswith("y")
            self.screen.line("Please answer y or n.")

    def text(self, question: str) -> str:
        """Asks for a line of text; empty where there is no terminal or the user gave none."""
        if not self.possible:
            return ""
        try:
            return self.read(f"{self.screen.styled(question, 'bold')} ").strip()
        except EOFError:
            self.screen.line()
            return ""
