"""One way of talking HTTP for all destinations: time-outs, bounded patience, what was counted, no secret in a message.

Knows no service. Redirects are the caller's to follow (`download` does), so that credentials never travel along.
"""

import hashlib
import ipaddress
import json
import threading
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError as Urllib3Error

from release.transport.body import Body, Stream
from release.transport.content import CHUNK, Digest
from release.transport.patience import Patience, Waits, asked_to_wait, never_arrived, reason, until_reset
from release.transport.traffic import Traffic
from viberun.errors import UsageError, ViberunError

_IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE"})
_PASSING = frozenset({408, 500, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 5
_CONNECTIONS = 16
_NOTED_AFTER = 4


class HttpError(ViberunError):
    """An answer that is not the one asked for."""

    def __init__(self, message: str, answer: "Answer", remedy: str | None = None) -> None:
        super().__init__(message, remedy=remedy)
        self.answer = answer
        self.status = answer.status


class TakenError(HttpError):
    """Something of that name is there already."""


class UnansweredError(ViberunError):
    """No answer, or one that leaves open whether the request was carried out."""


@dataclass(frozen=True)
class Request:
    """One request. `accepted` are the statuses that are an answer and no error.

    `repeatable` says that carrying it out twice is the same as once; left open, the method decides (RFC 9110, 9.2.2).
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Body | None = None
    authorization: str | None = None
    accepted: Collection[int] = (200,)
    repeatable: bool | None = None

    def __str__(self) -> str:
        split = urlsplit(self.url)
        return f"{self.method} {split.scheme}://{split.hostname}{f':{split.port}' if split.port else ''}{split.path}"


@dataclass(frozen=True)
class Answer:
    """An answer read to its end. Header names are lower case; `digest` is that of the content, kept or not."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    digest: Digest


class Http:
    """A pool of connections that threads share. `secrets` are kept out of every message."""

    def __init__(
        self,
        patience: Patience,
        secrets: Collection[str] = (),
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.waits = Waits(patience, sleep, clock)
        self.patience = patience
        self.traffic = Traffic()
        self._secrets = {secret for secret in secrets if secret}
        self._sleep = sleep
        self._clock = clock
        self._lock = threading.Lock()
        self._session = requests.Session()
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._session.headers["User-Agent"] = "viberun-release"
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, HTTPAdapter(pool_maxsize=_CONNECTIONS))

    def close(self) -> None:
        self._session.close()

    def keep_secret(self, *secrets: str) -> None:
        """Keeps these too out of every message from now on."""
        self._secrets |= {secret for secret in secrets if secret}

    def send(self, request: Request, *, keep: bool = True) -> Answer:
        """Gets the answer, whose content is read to its end and, unless `keep`, only hashed.

        Waits as the server says (Retry-After, x-ratelimit-reset) and repeats what can be repeated or was certainly not
        carried out. Raises HttpError and UnansweredError.
        """
        began, tries = self._clock(), 0
        while True:
            tries += 1
            answer, trouble = self._try(request, keep)
            if answer is not None and answer.status in request.accepted:
                return answer
            wait = self._wait(request, answer, trouble, tries)
            reset = answer and until_reset(answer.headers, 0)
            most = self.patience.total if reset is None else self.patience.limit
            if wait is None or self._clock() + wait - began > most:
                raise self._error(request, answer, trouble, wait)
            self._sleep(wait)
            began += reset or 0

    def download(self, request: Request, *, keep: bool = True) -> Answer:
        """Sends, and follows redirects. Another origin does not get the credentials (RFC 9110, 15.4)."""
        for _ in range(_MOST_REDIRECTS):
            answer = self.send(replace(request, accepted={*request.accepted, *_REDIRECTS}), keep=keep)
            if answer.status not in _REDIRECTS or answer.status in request.accepted:
                return answer
            url = urljoin(request.url, answer.headers.get("location", ""))
            same = origin(url) == origin(request.url)
            request = replace(request, url=url, authorization=request.authorization if same else None)
        raise UnansweredError(f"{request}: redirected more than {_MOST_REDIRECTS} times")

    def count_sent(self, size: int) -> None:
        """Counts a request of another program, which was started to send so many bytes of content."""
        with self._lock:
            before = self.traffic
            self.traffic = Traffic(before.requests + 1, before.writes + 1, before.sent + size)

    def pause(self, tries: int) -> None:
        """Waits before something is tried again that failed so many times."""
        self._sleep(self.patience.backoff(tries))

    def wait(self, seconds: float) -> None:
        self._sleep(seconds)

    def wait_until(self, so: Callable[[], bool], note: Callable[[str], None], seconds: float | None = None) -> bool:
        """Looks until it is so, `seconds` at most, else `patience.lag`; False: it never was. `note` hears that it takes long."""
        began, tries, most = self._clock(), 0, self.patience.lag if seconds is None else seconds
        while not so():
            tries += 1
            pause = self.patience.backoff(tries)
            if self._clock() + pause - began > most:
                return False
            if tries == _NOTED_AFTER:
                note(f"not there yet; looks for {most / 60:.0f} minutes at most")
            self._sleep(pause)
        return True

    def redact(self, text: str) -> str:
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, "***")
        return text

    def _try(self, request: Request, keep: bool) -> tuple[Answer | None, Exception | None]:
        if request.authorization and not safe_for_credentials(request.url):
            raise UsageError(
                f"{request}: credentials go over https only, or to this machine", remedy="use an https address"
            )
        headers = dict(request.headers)
        if request.authorization:
            headers["Authorization"] = request.authorization
        # An empty stream would be sent chunked, which upload hosts refuse.
        body = Stream(request.body) if request.body and request.body.size else None
        try:
            with self._session.request(
                request.method,
                request.url,
                headers=headers,
                data=body,
                auth=_as_it_is,
                allow_redirects=False,
                timeout=(min(10.0, self.patience.silence), self.patience.silence),
                stream=True,
            ) as response:
                return _read(response, keep or response.status_code >= 400), None
        except (requests.RequestException, Urllib3Error, OSError) as error:
            return None, error
        finally:
            self._count(request, body.taken if body else 0)

    def _count(self, request: Request, sent: int) -> None:
        with self._lock:
            before = self.traffic
            writes = before.writes + (request.method not in ("GET", "HEAD"))
            self.traffic = Traffic(before.requests + 1, writes, before.sent + sent)

    def _wait(self, request: Request, answer: Answer | None, trouble: Exception | None, tries: int) -> float | None:
        """Returns the seconds until the request may be sent again, or None: it is over."""
        asked = asked_to_wait(answer.headers, error_text(answer), tries) if answer else None
        if answer is not None and (answer.status == 429 or (answer.status == 403 and asked is not None)):
            # Refused before anything was carried out.
            return max(asked if asked is not None else self.patience.longest, self.patience.backoff(1))
        if tries >= self.patience.tries or (answer is not None and answer.status not in _PASSING):
            return None
        repeatable = request.method in _IDEMPOTENT if request.repeatable is None else request.repeatable
        return max(asked or 0.0, self.patience.backoff(tries)) if repeatable or never_arrived(trouble) else None

    def _error(
        self, request: Request, answer: Answer | None, trouble: Exception | None, wait: float | None
    ) -> ViberunError:
        if answer is None:
            return UnansweredError(self.redact(f"{request}: {reason(trouble)}"), remedy="run the same command again")
        text = self.redact(f"{request}: {answer.status} {error_text(answer)}".rstrip())
        if wait is not None:
            return HttpError(text, answer, f"the server asks for {wait:.0f} s of patience; run the same command then")
        if answer.status in _PASSING:
            return UnansweredError(text, remedy="run the same command again")
        return HttpError(text, answer)


def read[T](answer: Answer, make: Callable[[Any], T]) -> T:
    """Makes something of an answer's JSON. Raises HttpError where a field of it is missing, or of another form."""
    try:
        return make(json.loads(answer.content))
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        why = f"{type(error).__name__}: {error}"
        raise HttpError(f"the answer is of another form ({why})", answer, "run the same command again") from error


def safe_for_credentials(url: str) -> bool:
    """Tells whether nobody on the way can read along: https, or this machine's own loopback."""
    split = urlsplit(url)
    if split.scheme == "https":
        return True
    try:
        return split.hostname == "localhost" or ipaddress.ip_address(split.hostname or "").is_loopback
    except ValueError:
        return False


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keeps requests from putting a ~/.netrc entry in place of the Authorization header."""
    return request


def _read(response: requests.Response, keep: bool) -> Answer:
    sha256, size, pieces = hashlib.sha256(), 0, []
    for piece in response.iter_content(CHUNK):
        sha256.update(piece)
        size += len(piece)
        if keep:
            pieces.append(piece)
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Answer(response.status_code, headers, b"".join(pieces), Digest(size, sha256.hexdigest()))


def error_text(answer: Answer) -> str:
    """Tells what an error's body says, on one line: the `message` of GitHub's, or else how it begins."""
    try:
        fields = json.loads(answer.content)
        details = [" ".join(str(value) for value in each.values()) for each in fields.get("errors") or ()]
        return "; ".join([fields.get("message") or "", *details]).strip("; ")
    except (ValueError, AttributeError, TypeError):
        return " ".join(answer.content[:200].decode(errors="replace").split())


def origin(url: str) -> tuple[str, str | None, int | None]:
    """Returns scheme, host and port, whose credentials go no further (RFC 6454)."""
    split = urlsplit(url)
    return split.scheme, split.hostname, split.port
