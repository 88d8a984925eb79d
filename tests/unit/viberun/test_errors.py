from __future__ import annotations

import pytest

from viberun.errors import InvalidError, ManifestError, UsageError, VersionError, ViberunError


def test_an_error_is_its_message_and_what_to_do_next() -> None:
    assert str(ViberunError("the tree has changes")) == "the tree has changes"
    error = ViberunError("the tree has changes", remedy="commit them")
    assert str(error) == "the tree has changes; commit them"
    assert (error.message, error.remedy) == ("the tree has changes", "commit them")


@pytest.mark.parametrize(
    ("error", "exit_code"),
    [
        (ViberunError("x"), 1),
        (VersionError("x"), 1),
        (ManifestError("x", ["y"]), 1),
        (UsageError("x"), 2),
    ],
)
def test_each_error_owns_its_exit_code(error: ViberunError, exit_code: int) -> None:
    assert error.exit_code == exit_code
    assert isinstance(error, ViberunError)


def test_a_single_problem_stays_on_the_line() -> None:
    error = InvalidError("channel.json", iter(["size is missing"]), remedy="fetch it again")
    assert str(error) == "channel.json: size is missing; fetch it again"
    assert error.problems == ("size is missing",)


def test_several_problems_follow_on_lines_of_their_own() -> None:
    error = InvalidError("channel.json", ["size is missing", "name is missing"], remedy="fetch it again")
    assert str(error) == "channel.json: 2 problems; fetch it again\n  size is missing\n  name is missing"
