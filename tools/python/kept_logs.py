"""Keeps the logs of servers that tests start, for whoever looks into a failure: a pytest plugin."""

import re
import shutil
from collections.abc import Generator
from pathlib import Path

import pytest


class KeptLogs:
    """Copies every `*.log` below `temporary` to a folder of `outputs` when a test fails: servers take theirs along."""

    def __init__(self, temporary: Path, outputs: Path) -> None:
        self._temporary = temporary
        self._outputs = outputs

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if report.failed:
            self._keep(re.sub(r"[^\w.-]+", "-", f"{item.name}-{report.when}"))
        return report

    def _keep(self, name: str) -> None:
        for log in self._temporary.rglob("*.log"):
            if log.is_file():
                kept = self._outputs / name / log.relative_to(self._temporary)
                kept.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(log, kept)
