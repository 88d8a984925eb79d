import subprocess
import sys
from pathlib import Path

import pytest

_SOURCES = {
    "ran.py": "def called():\n    return 1\n\n\ndef never():\n    return 2\n",
    "not_imported.py": "VALUE = 1\n",
    "unlisted.py": "VALUE = 1\n",
}

# In a process of its own: this one may be measured itself.
_MEASURE = """
import sys
from pathlib import Path

folder = Path(sys.argv[1])
sys.path[:0] = [str(folder / "root"), *sys.argv[2:]]
from tools.coverage.measure import measured

with measured(folder / "manifest", folder / "root", folder / "out.dat"):
    import ran
    import unlisted

    ran.called()
"""

_TRACEFILE = """\
TN:
SF:not_imported.py
DA:1,0
LH:0
LF:1
end_of_record
TN:
SF:ran.py
DA:1,1
DA:2,1
DA:5,1
DA:6,0
LH:3
LF:4
end_of_record
"""


@pytest.mark.parametrize("linked", [False, True], ids=["files", "links"])
def test_a_line_that_ran_counts_once_and_one_that_did_not_never(tmp_path: Path, linked: bool) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "elsewhere").mkdir()
    for name, text in _SOURCES.items():
        (tmp_path / ("elsewhere" if linked else "root") / name).write_text(text)
        if linked:
            (tmp_path / "root" / name).symlink_to(tmp_path / "elsewhere" / name)
    (tmp_path / "manifest").write_text("ran.py\nnot_imported.py\nran.py\nREADME.md\n")
    command = [sys.executable, "-I", "-S", "-B", "-c", _MEASURE, str(tmp_path), *sys.path]
    subprocess.run(command, check=True, timeout=60)
    assert (tmp_path / "out.dat").read_text() == _TRACEFILE
