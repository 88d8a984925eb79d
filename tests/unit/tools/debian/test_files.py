from pathlib import Path

from tools.debian.files import Files
from tools.debian.ledger import Ledger


def test_before_the_first_renewal_there_is_no_lock_and_an_empty_ledger(tmp_path: Path) -> None:
    assert Files(tmp_path).read_lock() is None
    assert Files(tmp_path).read_ledger() == Ledger()
