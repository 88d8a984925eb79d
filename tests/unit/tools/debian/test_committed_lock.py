"""The lock, ledger and requests of this repository."""

from pathlib import Path

from tools.debian import request, suite
from tools.debian.files import Files
from tools.debian.update import require_current

WORKSPACE = Path(__file__).parents[4]
FILES = Files(WORKSPACE)


def test_the_lock_answers_the_requests_and_every_script_is_decided_about() -> None:
    require_current(FILES, [request.read(WORKSPACE, path) for path in suite.read(FILES.suite).requests])


def test_lock_and_ledger_are_as_the_program_writes_them() -> None:
    lock = FILES.read_lock()
    assert lock
    assert (WORKSPACE / "tools/debian/trixie.lock.json").read_text() == lock.to_json()
    assert (WORKSPACE / "tools/debian/ledger.json").read_text() == FILES.read_ledger().to_json()


def test_both_architectures_have_the_same_interpreter() -> None:
    lock = FILES.read_lock()
    assert lock
    amd64, arm64 = (
        {p.package: p.version for p in lock.packages if p.architecture == name and "python" in p.sets}
        for name in ("amd64", "arm64")
    )
    assert amd64 == arm64 != {}


def test_nothing_names_a_mirror() -> None:
    for file in ("trixie.json", "trixie.lock.json", "ledger.json"):
        assert "://" not in (WORKSPACE / "tools/debian" / file).read_text()
