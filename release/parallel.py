"""Independent requests at the same time."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor


def each[T, R](function: Callable[[T], R], items: Iterable[T], width: int) -> list[R]:
    """The results in the order of the items. After a failure nothing new begins, and the first failure is raised."""
    with ThreadPoolExecutor(width) as pool:
        futures = [pool.submit(function, item) for item in items]
        try:
            return [future.result() for future in futures]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
