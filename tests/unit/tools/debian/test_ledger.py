import json

import pytest

from tests.unit.tools.debian.fabricated_lock import LOCK
from tools.debian import ledger
from tools.debian.errors import LockError
from tools.debian.ledger import Entry, Ledger

ONE, TWO = "1" * 64, "2" * 64
DECIDED = Entry("bash", "postinst", "ignored because the image has its own")
LEDGER = Ledger({ONE: DECIDED, TWO: Entry("apt", "prerm")})


def test_a_ledger_is_read_as_it_was_written() -> None:
    assert ledger.parse(LEDGER.to_json()) == LEDGER
    assert ledger.parse(Ledger().to_json()) == Ledger()


def test_the_file_has_a_script_a_line_by_package_and_ends_with_a_newline() -> None:
    lines = LEDGER.to_json().splitlines(keepends=True)
    assert [json.loads("{" + line.rstrip(",\n") + "}") for line in lines[3:5]] == [
        {TWO: {"package": "apt", "script": "prerm", "decision": ""}},
        {ONE: {"package": "bash", "script": "postinst", "decision": DECIDED.decision}},
    ]
    assert lines[-1] == "}\n"


def test_scripts_of_a_lock_enter_undecided_once_and_change_nothing_that_stands() -> None:
    decided = Ledger({"b" * 64: DECIDED})
    assert decided.with_scripts_of(LOCK) == decided
    assert Ledger().with_scripts_of(LOCK).undecided() == {"b" * 64: Entry("bash", "postinst")}


def test_what_no_package_of_the_lock_has_is_dropped() -> None:
    both = Ledger({"b" * 64: DECIDED, ONE: DECIDED})
    assert both.without_scripts_gone_from(LOCK) == Ledger({"b" * 64: DECIDED})


@pytest.mark.parametrize("text", ["ignored because it is trivial", "reproduced by images/base/accounts.py"])
def test_a_decision_is_entered_by_the_beginning_of_the_digest(text: str) -> None:
    decided = LEDGER.decide([("22", text)])
    assert decided.scripts[TWO].decision == text
    assert decided.undecided() == {}


def test_all_decisions_that_cannot_be_entered_are_named_at_once() -> None:
    with pytest.raises(LockError) as caught:
        LEDGER.decide(
            [("3", "ignored because x"), ("", "ignored because x"), ("1", "whatever"), ("2", "reproduced by ")]
        )
    assert [problem.split(":")[0] for problem in caught.value.problems] == ["3", "", "1", "2"]


def test_a_ledger_edited_into_something_that_is_no_decision_is_refused() -> None:
    with pytest.raises(LockError, match="a decision begins with one of"):
        ledger.parse(LEDGER.to_json().replace("ignored because", "because"))


@pytest.mark.parametrize("text", ["", "[]", '{"format": 1}', LEDGER.to_json().replace('"script"', '"file"')])
def test_what_is_no_ledger_is_refused(text: str) -> None:
    with pytest.raises(LockError, match=r"ledger\.json: cannot be read"):
        ledger.parse(text)
