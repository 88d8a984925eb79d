"""Independent requests at the same time."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import CancelledError, ThreadPoolExecutor


def each[T, R](function: Callable[[T], R], items: Iterable[T], width: int) -> list[R]:
    """Returns the results in the order of the items. After a failure nothing new begins, and the first failure is raised."""
    failed = threading.Event()

    def begin(item: T) -> R:
        if failed.is_set():
            raise CancelledError  # of an item after the one that failed, whose error comes first
        try:
            return function(item)
        except BaseException:
            failed.set()
            raise

    with ThreadPoolExecutor(width) as pool:
        futures = [pool.submit(begin, item) for item in items]
        try:
            return [future.result() for future in futures]
        except BaseException:
            failed.set()
            raise
