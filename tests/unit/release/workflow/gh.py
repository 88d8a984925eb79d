"""A stand-in for GitHub's program `gh`: answers by a table, and writes down what it is asked."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

_PROGRAM = """#!{python}
import json, sys
table = json.load(open({table!r}))
asked = " ".join(sys.argv[1:])
with open({log!r}, "a") as log:
    log.write(json.dumps([asked, sys.stdin.read()]) + "\\n")
for begin, answer in table.items():
    if asked.startswith(begin):
        if isinstance(answer, str) and answer.startswith("HTTP "):
            sys.exit("gh: " + answer)
        print(answer if isinstance(answer, str) else json.dumps(answer))
        break
else:
    sys.exit("gh: HTTP 404: " + asked)
"""


class Gh:
    """Put on PATH of the test, beside nothing else."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._table, self._log = folder / "answers.json", folder / "asked"
        self.program = folder / "gh"
        self.program.write_text(_PROGRAM.format(python=sys.executable, table=str(self._table), log=str(self._log)))
        self.program.chmod(0o755)
        monkeypatch.setenv("PATH", str(folder))
        monkeypatch.setattr("release.workflow.github.PAUSES", (0.0, 0.0))

    def answers(self, table: Mapping[str, object]) -> None:
        """By the beginning of what is asked: JSON, a text, or `HTTP …` for a failure. All else is a 404."""
        self._table.write_text(json.dumps(table))

    @property
    def asked(self) -> list[str]:
        return [asked for asked, _ in self._lines()]

    @property
    def said(self) -> list[str]:
        """What it was given on standard input, each time."""
        return [text for _, text in self._lines()]

    def _lines(self) -> list[list[str]]:
        return [json.loads(line) for line in self._log.read_text().splitlines()] if self._log.exists() else []


@pytest.fixture
def gh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Gh:
    (folder := tmp_path / "programs").mkdir()
    return Gh(folder, monkeypatch)
