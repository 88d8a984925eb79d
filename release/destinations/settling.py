"""The last look at a release, for as long as readers' caches may lag: all is right, or another build has the channel."""

from collections.abc import Callable, Iterable

from release.bundle.model import Bundle
from release.destinations.destination import Holder
from release.driver.outcome import Skipped
from release.transport.http import Http
from viberun.errors import ViberunError


class UnseenError(ViberunError):
    """What anybody gets is not what was released."""


def settle(
    http: Http,
    bundle: Bundle,
    holder: Holder,
    mismatched: Callable[[], Iterable[str]],
    note: Callable[[str], None],
) -> Skipped | None:
    """Looks until nothing is `mismatched` (in a clause each): None; or until another build is the `holder`: says so.

    Raises UnseenError with what was mismatched at the end of `patience.lag`, of which `note` hears.
    """
    held_by, wrong = bundle.manifest, list[str]()

    def settled() -> bool:
        nonlocal held_by, wrong
        held_by = holder(bundle)
        wrong = list(mismatched()) if held_by == bundle.manifest else []
        return not wrong

    if not http.wait_until(settled, note):
        raise UnseenError("; ".join(wrong), remedy="run the same command again")
    return None if held_by == bundle.manifest else Skipped(f"{held_by.build.version} has taken its place")
