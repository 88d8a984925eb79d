from pathlib import Path

from tools.coverage import report

_FIRST = """\
TN:
SF:viberun/a.py
DA:1,1
DA:2,0
DA:3,0
LH:1
LF:3
end_of_record
"""

_SECOND = """\
TN:a test
SF:viberun/b.py
FN:1,called
DA:1,0
LH:0
LF:1
end_of_record
SF:viberun/a.py
DA:1,2
DA:2,1,checksum
DA:3,0
LH:2
LF:3
end_of_record
"""

_MERGED = """\
TN:
SF:viberun/a.py
DA:1,3
DA:2,1
DA:3,0
LH:2
LF:3
end_of_record
TN:
SF:viberun/b.py
DA:1,0
LH:0
LF:1
end_of_record
"""


def merged(folder: Path, *parts: str) -> str:
    files = [folder / f"{number}.dat" for number in range(len(parts))]
    for file, part in zip(files, parts, strict=True):
        file.write_text(part)
    (folder / "reports").write_text("".join(f"{file}\n" for file in files))
    out = folder / "report.dat"
    assert report.main([f"--reports_file={folder / 'reports'}", f"--output_file={out}"]) == 0
    return out.read_text()


def test_counts_of_tests_add_up(tmp_path: Path) -> None:
    assert merged(tmp_path, _FIRST, _SECOND) == _MERGED
    assert merged(tmp_path, _SECOND, _FIRST) == _MERGED


def test_a_test_that_measured_nothing_adds_nothing(tmp_path: Path) -> None:
    assert merged(tmp_path, "", _FIRST) == _FIRST
    assert merged(tmp_path, "") == ""
