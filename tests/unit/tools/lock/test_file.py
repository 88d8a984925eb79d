import signal
import subprocess
import sys
import time
from pathlib import Path

from tools.lock.file import replace

WRITER = """
import itertools, pathlib, sys
from tools.lock.file import replace
for number in itertools.cycle("ab"):
    replace(pathlib.Path(sys.argv[1]), number * 1_000_000)
"""


def test_a_writer_that_is_killed_leaves_the_old_text_or_the_new(tmp_path: Path) -> None:
    file = tmp_path / "file"
    replace(file, "a" * 1_000_000)
    for delay in (0.0, 0.01, 0.02, 0.03, 0.05):
        writer = subprocess.Popen([sys.executable, "-c", f"import sys; sys.path[:0] = {sys.path!r}{WRITER}", str(file)])
        started, deadline = file.stat().st_mtime_ns, time.monotonic() + 30
        while file.stat().st_mtime_ns == started:
            assert writer.poll() is None
            assert time.monotonic() < deadline
        time.sleep(delay)
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        text = file.read_text()
        assert (len(text), len(set(text))) == (1_000_000, 1)


def test_what_a_killed_writer_left_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / ".file.new").write_text("half")
    replace(tmp_path / "file", "whole")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_text() == "whole"
