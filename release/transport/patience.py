"""How long to wait for a server, and what its answers and silences say about trying again."""

import random
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime

import requests

from viberun.errors import UsageError

_UNTOLD = 60.0


@dataclass(frozen=True)
class Patience:
    """How long is waited, in seconds, and how many tries there are.

    `silence` for a server that says nothing, `first` before the first repetition, `longest` between two, `total` for one
    request. `lag` is what registries may take to show what they have taken, and services of signing to come back; `scan`
    is what npm may: it looks through a package for malware first, mostly for five minutes, at times for close to an hour.
    `limit` is the longest wait for a server that has announced when it takes requests again: GitHub counts them by the hour.
    """

    silence: float = 60.0
    first: float = 0.5
    longest: float = 30.0
    total: float = 900.0
    lag: float = 600.0
    scan: float = 3600.0
    limit: float = 3660.0
    tries: int = 6

    @property
    def again(self) -> float:
        """The seconds after which something is done again that was done, and is not shown: another run may have undone it."""
        return 4 * self.longest

    @staticmethod
    def of(environ: Mapping[str, str]) -> "Patience":
        """Makes the default, with VIBERUN_HTTP_TIMEOUT as the silence, and VIBERUN_NPM_WAIT as the scan. Raises UsageError."""
        default = Patience()
        return replace(
            default,
            silence=_seconds(environ, "VIBERUN_HTTP_TIMEOUT", default.silence),
            scan=_seconds(environ, "VIBERUN_NPM_WAIT", default.scan),
        )

    def backoff(self, tries: int) -> float:
        """Returns how long to wait after so many failures, in seconds; random, so that clients don't move in step."""
        longest = min(self.longest, self.first * 2 ** (tries - 1))
        return random.uniform(longest / 2, longest)


def _seconds(environ: Mapping[str, str], name: str, default: float) -> float:
    text = environ.get(name) or str(default)
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise UsageError(f"{name} is {text!r}, which is no number of seconds")
    return seconds


@dataclass(frozen=True)
class Waits:
    """Patience, and the means: a clock in seconds, and how to let them pass."""

    patience: Patience = field(default_factory=Patience)
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.time

    def patiently[T](self, ask: Callable[[], T], passing: type[Exception]) -> T:
        """Asks again after an error that passes, as often as there is patience for."""
        for tries in range(1, self.patience.tries):
            try:
                return ask()
            except passing:
                self.sleep(self.patience.backoff(tries))
        return ask()


def asked_to_wait(headers: Mapping[str, str], said: str, tries: int) -> float | None:
    """Returns the seconds until the server wants to be asked again; None: it does not say.

    Goes by Retry-After (RFC 9110, 10.2.3), by GitHub's limit, and where GitHub only `said` in words that there have been too
    many requests, by its rule for that: a minute, and twice as long after each of the `tries`.
    """
    if headers.get("retry-after", "").isdigit():
        return float(headers["retry-after"])
    if (reset := until_reset(headers, 0)) is not None:
        return reset
    if "rate limit" in said:
        return _UNTOLD * (1 << (tries - 1))
    return None


def until_reset(headers: Mapping[str, str], least: int) -> float | None:
    """Returns the seconds until GitHub counts requests anew, by its own clock; None where more than `least` are left."""
    left, reset = (headers.get(f"x-ratelimit-{name}", "") for name in ("remaining", "reset"))
    if not (left.isdigit() and reset.isdigit()) or int(left) > least:
        return None
    try:
        return max(0.0, int(reset) - parsedate_to_datetime(headers.get("date", "")).timestamp()) + 1
    except ValueError:
        return None


def never_arrived(trouble: Exception | None) -> bool:
    """Tells whether no server can have seen the request."""
    return isinstance(trouble, requests.ConnectTimeout) or _caused_by(trouble, ConnectionRefusedError, socket.gaierror)


def reason(trouble: Exception | None) -> str:
    """Tells why there was no answer, in a clause."""
    if isinstance(trouble, requests.exceptions.SSLError):
        return f"no trusted connection ({trouble})"
    if isinstance(trouble, requests.Timeout):
        return "no answer in time"
    if _caused_by(trouble, ConnectionRefusedError):
        return "nothing listens there"
    if _caused_by(trouble, socket.gaierror):
        return "no such host"
    return f"the connection broke ({type(trouble).__name__})"


def _caused_by(error: object, *kinds: type[BaseException]) -> bool:
    """Looks through what requests and urllib3 wrap around each other."""
    if isinstance(error, kinds):
        return True
    if not isinstance(error, BaseException):
        return False
    inner = [getattr(error, "reason", None), error.__context__, *error.args]
    return any(_caused_by(each, *kinds) for each in inner if each is not error)
