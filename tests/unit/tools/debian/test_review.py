import io
import os
from pathlib import Path

import pytest

from tools.debian import review
from tools.debian.errors import LockError
from tools.debian.ledger import Entry, Ledger

OLD, NEW, OTHER = "0" * 64, "1" * 64, "2" * 64
BEFORE = "ignored because it only starts a service"
LEDGER = Ledger({OLD: Entry("ssh", "postinst", BEFORE), NEW: Entry("ssh", "postinst"), OTHER: Entry("vim", "prerm")})
TEXTS = {NEW: b"#!/bin/sh\nnew text\n", OTHER: b"\xff other text"}


def ask(answers: str) -> tuple[Ledger, str]:
    questions = io.StringIO()
    return review.ask(LEDGER, TEXTS, review.Terminal(io.StringIO(answers), questions)), questions.getvalue()


def test_each_script_is_shown_and_decided() -> None:
    decided, shown = ask("ignored because a\nreproduced by b\n")
    assert [decided.scripts[digest].decision for digest in (NEW, OTHER)] == ["ignored because a", "reproduced by b"]
    assert "1 of 2: postinst of ssh" in shown
    assert "new text" in shown
    assert "other text" in shown


def test_an_empty_answer_takes_over_what_was_said_of_another_version() -> None:
    decided, shown = ask("\nreproduced by b\n")
    assert decided.scripts[NEW].decision == BEFORE
    assert f"[{BEFORE}]" in shown


def test_what_is_no_decision_is_asked_again() -> None:
    decided, _ = ask("yes\nignored because\nignored because a\n\nreproduced by b\n")
    assert [decided.scripts[digest].decision for digest in (NEW, OTHER)] == ["ignored because a", "reproduced by b"]


def test_when_the_answers_end_what_was_decided_stands() -> None:
    decided, _ = ask("ignored because a\n")
    assert decided.scripts[NEW].decision == "ignored because a"
    assert list(decided.undecided()) == [OTHER]


def test_only_a_terminal_is_asked() -> None:
    leader, follower = os.openpty()
    with os.fdopen(leader, "rb"), os.fdopen(follower, "r") as tty:
        assert review.terminal(tty, tty) is not None
        assert review.terminal(io.StringIO(), tty) is None
        assert review.terminal(tty, io.StringIO()) is None


def test_the_refusal_names_every_script_and_how_to_decide() -> None:
    with pytest.raises(LockError) as caught:
        review.refuse_undecided(LEDGER)
    assert caught.value.problems == (f"{NEW} ssh postinst", f"{OTHER} vim prerm")
    assert "--decide DIGEST='ignored because …'" in str(caught.value)
    review.refuse_undecided(LEDGER.only_decided())


def test_waiting_scripts_are_written_for_reading(tmp_path: Path) -> None:
    review.write_scripts(tmp_path / "scripts", LEDGER.undecided(), TEXTS)
    assert {file.name: file.read_bytes() for file in (tmp_path / "scripts").iterdir()} == {
        f"ssh.postinst.{NEW[:12]}": TEXTS[NEW],
        f"vim.prerm.{OTHER[:12]}": TEXTS[OTHER],
    }
