import pytest

from release.bundle.model import Bundle
from release.commands.summary import plan_text
from release.driver.outcome import Change, Plan
from tests.release import fabricated


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return fabricated.make(tmp_path_factory.mktemp("bundle"), images=False)


def test_a_plan_says_what_is_made_what_moves_and_how_much_is_there(bundle: Bundle) -> None:
    plan = Plan((Change("upload", "a file", 2_000), Change("move", "dev to this")))
    assert plan_text(bundle, "moon", plan, 5_000).splitlines()[1:] == [
        "  upload  a file     2.0 kB",
        "  move    dev to this",
        "  2.0 kB to write, 3.0 kB of 5.0 kB there already",
    ]


def test_what_is_left_of_a_release_that_died_late_may_be_moves_alone(bundle: Bundle) -> None:
    plan = Plan((Change("move", "dev from that to this"),))
    assert plan_text(bundle, "moon", plan, 5_000).splitlines()[1:] == [
        "  move    dev from that to this",
        "  0 B to write, 5.0 kB of 5.0 kB there already",
    ]


def test_where_all_stands_there_is_nothing_to_do(bundle: Bundle) -> None:
    assert plan_text(bundle, "moon", Plan(()), 5_000).endswith(" is at moon already, 5.0 kB: nothing to do\n")
