import time
from dataclasses import replace
from pathlib import Path

import pytest

from release.transport.body import Body
from release.transport.content import digest_of
from release.transport.http import Http, HttpError, Request, UnansweredError, safe_for_credentials
from release.transport.patience import Patience
from tests.release.servers.process import free_port
from tests.unit.release.transport.scripted import Said, Scripted
from viberun.errors import UsageError

QUICK = Patience(silence=1, first=0.001, longest=0.002, total=5, tries=3)


class Clock:
    """Stands still but for the sleeps, which it notes."""

    def __init__(self) -> None:
        self.now = 1_000_000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def http(clock: Clock) -> Http:
    return Http(QUICK, ["s3cret"], sleep=clock.sleep, clock=clock)


def test_what_can_be_repeated_is_repeated_until_it_is_answered(http: Http) -> None:
    with Scripted(Said(500), Said(502), Said(200, b"at last")) as server:
        assert http.send(Request("GET", server.url)).content == b"at last"
    assert http.traffic.requests == 3


def test_patience_ends(http: Http) -> None:
    with Scripted(Said(503, b"not today")) as server, pytest.raises(UnansweredError, match="503 not today"):
        http.send(Request("PUT", server.url))
    assert http.traffic.requests == QUICK.tries


def test_what_a_registry_takes_minutes_to_show_is_looked_for_until_it_is_shown(http: Http, clock: Clock) -> None:
    http.patience = replace(QUICK, first=1, longest=10, lag=600)
    began, notes = clock.now, list[str]()
    assert http.wait_until(lambda: clock.now - began > 240, notes.append)
    assert 240 < clock.now - began < 260
    assert notes == ["not there yet; looks for 10 minutes at most"]
    assert not http.wait_until(lambda: False, notes.append)
    assert clock.now - began < 260 + 600


def test_what_is_there_at_once_is_not_waited_for(http: Http, clock: Clock) -> None:
    assert http.wait_until(lambda: True, lambda _: None)
    assert clock.slept == []


def test_a_post_that_may_have_been_carried_out_is_not_repeated(http: Http) -> None:
    with Scripted(Said(502)) as server, pytest.raises(UnansweredError):
        http.send(Request("POST", server.url, body=Body(b"x")))
    assert len(server.heard) == 1


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_server_that_asks_for_patience_gets_it(http: Http, clock: Clock, method: str) -> None:
    throttled = Said(429, headers={"Retry-After": "3"})
    with Scripted(throttled, Said(200)) as server:
        http.send(Request(method, server.url))
    assert clock.slept == [3.0]


def limited(seconds: float) -> Said:
    reset = str(int(time.time() + seconds))
    return Said(403, headers={"x-ratelimit-remaining": "0", "x-ratelimit-reset": reset})


@pytest.mark.parametrize("wrong", [-7200, 0, 7200])
def test_a_rate_limit_of_up_to_an_hour_is_waited_for_by_the_servers_clock(
    http: Http, clock: Clock, wrong: float
) -> None:
    clock.now = time.time() + wrong
    with Scripted(limited(3599), Said(500), Said(200)) as server:
        http.send(Request("GET", server.url))
    assert 3595 < clock.slept[0] < 3605


def test_a_longer_rate_limit_is_an_error_that_says_so(http: Http, clock: Clock) -> None:
    patient = pytest.raises(HttpError, match=r"the server asks for 7\d\d\d s of patience")
    with Scripted(limited(7200)) as server, patient:
        http.send(Request("GET", server.url))
    assert clock.slept == []


@pytest.mark.parametrize("keep", [True, False])
def test_a_rate_limit_that_is_only_told_in_words_is_waited_for_a_minute_and_longer(
    http: Http, clock: Clock, keep: bool
) -> None:
    http.patience = replace(QUICK, total=900)
    throttled = Said(
        403, b'{"message": "You have exceeded a secondary rate limit."}', {"x-ratelimit-remaining": "4000"}
    )
    with Scripted(throttled, throttled, Said(200)) as server:
        http.send(Request("POST", server.url, body=Body(b"x")), keep=keep)
    assert clock.slept == [60.0, 120.0]


def test_longer_waits_than_there_is_patience_for_are_an_error_that_says_so(http: Http, clock: Clock) -> None:
    patient = pytest.raises(HttpError, match="the server asks for 600 s of patience")
    with Scripted(Said(429, headers={"Retry-After": "600"})) as server, patient:
        http.send(Request("GET", server.url))
    assert clock.slept == []


def test_an_ordinary_refusal_is_not_repeated(http: Http) -> None:
    refusal = Said(403, b'{"message": "no", "errors": [{"code": "denied"}]}')
    with Scripted(refusal) as server, pytest.raises(HttpError, match="403 no; denied"):
        http.send(Request("GET", server.url))
    assert len(server.heard) == 1


def test_an_answer_that_breaks_off_is_fetched_again(http: Http) -> None:
    with Scripted(Said(200, b"whole answer", cut=True), Said(200, b"whole answer")) as server:
        assert http.send(Request("GET", server.url)).content == b"whole answer"


def test_nobody_there_is_tried_again_whatever_the_method(http: Http) -> None:
    with pytest.raises(UnansweredError, match="nothing listens there"):
        http.send(Request("POST", f"http://127.0.0.1:{free_port()}"))
    assert http.traffic.requests == QUICK.tries


def test_a_file_is_sent_whole_at_each_try_and_counted(http: Http, tmp_path: Path) -> None:
    path, seen = tmp_path / "file", list[int]()
    path.write_bytes(b"0123456789" * 100_000)
    with Scripted(Said(500), Said(200)) as server:
        http.send(Request("PUT", server.url, body=Body(path, seen.append)))
    assert [heard.body for heard in server.heard] == [path.read_bytes()] * 2
    assert server.heard[0].headers["content-length"] == "1000000"
    assert sum(seen) == http.traffic.sent == 2_000_000
    assert http.traffic.writes == 2


def test_content_that_is_not_kept_is_hashed(http: Http) -> None:
    with Scripted(Said(200, b"content")) as server:
        answer = http.send(Request("GET", server.url), keep=False)
    assert (answer.content, answer.digest) == (b"", digest_of(b"content"))


def test_credentials_follow_no_redirect_to_another_origin(http: Http) -> None:
    with Scripted(Said(200, b"asset")) as storage:
        leads_on = [Said(302, headers={"Location": "/second"}), Said(302, headers={"Location": f"{storage.url}/x"})]
        with Scripted(*leads_on) as server:
            answer = http.download(Request("GET", server.url, authorization="Bearer s3cret"))
    assert answer.content == b"asset"
    assert [heard.headers.get("authorization") for heard in server.heard] == ["Bearer s3cret"] * 2
    assert "authorization" not in storage.heard[0].headers


def test_a_netrc_replaces_nothing(http: Http, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login other password other\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with Scripted(Said(200)) as server:
        http.send(Request("GET", server.url, authorization="Bearer s3cret"))
        http.send(Request("GET", server.url))
    assert [heard.headers.get("authorization") for heard in server.heard] == ["Bearer s3cret", None]


def test_credentials_go_over_nothing_that_others_can_read(http: Http) -> None:
    with pytest.raises(UsageError, match="https only"):
        http.send(Request("GET", "http://registry.example/v2/", authorization="Bearer s3cret"))
    assert [
        safe_for_credentials(url)
        for url in ("https://x.example", "http://[::1]:5000", "http://127.0.0.2", "http://localhost")
    ]
    assert not safe_for_credentials("http://127.0.0.1.example")


def test_no_message_shows_a_secret_or_a_query(http: Http) -> None:
    with Scripted(Said(404, b"no s3cret here")) as server, pytest.raises(HttpError) as caught:
        http.send(Request("GET", f"{server.url}/path?signature=abc"))
    assert str(caught.value) == f"GET {server.url}/path: 404 no *** here"


@pytest.mark.parametrize("text", ["soon", "0", "-1", "inf"])
def test_a_timeout_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="no number of seconds"):
        Patience.of({"VIBERUN_HTTP_TIMEOUT": text})


def test_the_timeout_can_be_set() -> None:
    assert Patience.of({"VIBERUN_HTTP_TIMEOUT": "2.5"}).silence == 2.5
    assert Patience.of({}) == Patience()
