import threading

import pytest

from release.transport.parallel import each


def test_results_come_in_the_order_of_the_items() -> None:
    assert each(lambda number: number * 2, range(20), 4) == list(range(0, 40, 2))


def test_after_a_failure_nothing_new_begins_though_one_before_it_still_runs() -> None:
    begun, failed = list[int](), threading.Event()

    def work(number: int) -> None:
        begun.append(number)
        if number == 0:
            assert failed.wait(10)
            assert not threading.Event().wait(0.2)
        if number == 1:
            failed.set()
            raise ValueError("the second")

    with pytest.raises(ValueError, match="the second"):
        each(work, range(20), 2)
    assert len(begun) <= 3
