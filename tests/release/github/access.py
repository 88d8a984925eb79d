"""Who asks, and how much more they may: tokens and rate limits."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Access:
    """What a token may do; `private`: see the repository even if it is that.

    `scopes` is what a classic token announces in X-OAuth-Scopes; others announce nothing. `installation`: it is an app's,
    of which GitHub says that it may do nothing, whatever it may, and which can't read the settings. `environments`: read them.
    """

    push: bool = True
    private: bool = True
    workflows: bool = True
    scopes: str | None = None
    installation: bool = False
    environments: bool = True

    @property
    def settings(self) -> bool:
        """Whether it may see what only administrators see."""
        return self.push and not self.installation


EVERYTHING = Access()
ANONYMOUS = Access(push=False, private=False, workflows=False)


@dataclass
class Limits:
    """GitHub's primary limit (requests an hour) and the secondary one on writes (a minute), if there is one.

    `says_when`: whether it says how long the secondary one lasts, which GitHub does not always.
    """

    clock: Callable[[], datetime]
    requests_an_hour: int = 5000
    writes_a_minute: int | None = None
    says_when: bool = True
    _used: int = 0
    _reset: datetime | None = None
    _writes: deque[datetime] = field(default_factory=deque)

    def use(self, write: bool) -> tuple[str | None, Mapping[str, str]]:
        """Counts a request; returns why it is refused, or None, and the headers that tell the client."""
        now = self.clock()
        if self._reset is None or now >= self._reset:
            self._used, self._reset = 0, now + timedelta(hours=1)
        self._used += 1
        headers = {
            "x-ratelimit-limit": str(self.requests_an_hour),
            "x-ratelimit-remaining": str(max(0, self.requests_an_hour - self._used)),
            "x-ratelimit-used": str(min(self._used, self.requests_an_hour)),
            "x-ratelimit-reset": str(int(self._reset.timestamp())),
            "x-ratelimit-resource": "core",
        }
        if self._used > self.requests_an_hour:
            return "API rate limit exceeded", headers
        wait = self._seconds_until_a_write(now) if write else 0
        if wait:
            told = {"retry-after": str(wait)} if self.says_when else {}
            return "You have exceeded a secondary rate limit", headers | told
        return None, headers

    def give_back(self) -> None:
        """A request whose answer is that nothing has changed (304) does not count."""
        self._used -= 1

    def exhaust(self, seconds: float, left: int = 0) -> None:
        """Leaves nothing, or so many requests, of the primary limit for so many seconds."""
        self._used, self._reset = self.requests_an_hour - left, self.clock() + timedelta(seconds=seconds)

    def _seconds_until_a_write(self, now: datetime) -> int:
        while self._writes and self._writes[0] <= now - timedelta(minutes=1):
            self._writes.popleft()
        if self.writes_a_minute is not None and len(self._writes) >= self.writes_a_minute:
            return int((self._writes[0] + timedelta(minutes=1) - now).total_seconds()) + 1
        self._writes.append(now)
        return 0
