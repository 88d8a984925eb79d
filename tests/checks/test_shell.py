"""shellcheck over every shell script."""

import os
from collections.abc import Mapping, Sequence

from tests.checks.conftest import Run


def test_shellcheck_finds_nothing(run: Run, sources: Mapping[str, Sequence[str]]) -> None:
    assert {"bazelw", "test", ".ci/run", "install.sh", "tools/stamp/status.sh"} <= set(sources["shell"])
    run(["sh", os.environ["VIBERUN_SHELLCHECK"], *sources["shell"]])
