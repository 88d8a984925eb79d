from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from viberun.server.apps.health import HealthCheck
from viberun.server.engine.facts import Container
from viberun.server.errors import UnhealthyError

RUNNING = Container("c", "viberun-app-demo", "running", "i", pid=7)
SUPERVISOR = b"s6-svscan\0/home/viberun/services\0"


@dataclass
class Ward:
    """One container, as it is at each look; each takes a second. The last stays."""

    looks: list[Container | None]
    arguments: list[bytes] = field(default_factory=lambda: [SUPERVISOR])
    words: bytes = b""
    clock: float = 0.0

    def container(self, _: str) -> Container | None:
        return self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]

    def log(self, _: str, follow: bool, tail: int | None) -> Iterator[bytes]:
        assert not follow
        assert tail
        yield self.words

    def read(self, pid: int) -> bytes:
        assert pid == 7
        return self.arguments.pop(0) if len(self.arguments) > 1 else self.arguments[0]

    def sleep(self, _: float) -> None:
        self.clock += 1

    def begin(self) -> float:
        HealthCheck(self, self.read, lambda: self.clock, self.sleep).wait_until_begun("c", 20)  # type: ignore[arg-type]
        return self.clock

    def wait(self, settle: float = 3, limit: float = 20) -> float:
        """Returns after how many seconds it was found well."""
        HealthCheck(self, self.read, lambda: self.clock, self.sleep).wait("c", settle, limit)  # type: ignore[arg-type]
        return self.clock


def now(state: str = "running", **facts: object) -> Container:
    return Container(**{**vars(RUNNING), "state": state, **facts})


def test_it_has_to_be_well_for_some_time_on_end() -> None:
    assert Ward([RUNNING]).wait() == 3
    assert Ward([RUNNING]).wait(settle=0) == 0


def test_a_supervisor_of_ours_has_begun_at_once_and_a_stranger_after_a_moment() -> None:
    assert Ward([RUNNING]).begin() == 0
    assert Ward([RUNNING], [b"sh\0-c\0sleep 9\0"]).begin() == 1
    with pytest.raises(UnhealthyError, match="ended with status 7"):
        Ward([RUNNING, RUNNING, RUNNING, now("restarting", exit_code=7)], [b"sh\0-c\0exit 7\0"]).begin()


def test_its_set_up_does_not_count() -> None:
    init = b"/usr/bin/python3\0-IS\0/usr/bin/viberun-init\0"
    assert Ward([RUNNING], [init, init, SUPERVISOR]).wait() == 5


def test_arguments_that_cannot_be_read_do_not_hold_it_up() -> None:
    assert Ward([RUNNING], [b""]).wait() == 3


def test_the_image_s_own_check_is_waited_for() -> None:
    assert Ward([now(health="starting"), now(health="starting"), now(health="healthy")]).wait() == 5


@pytest.mark.parametrize(
    ("looks", "said"),
    [
        ([RUNNING, now("exited", exit_code=7)], "its container ended with status 7, having said: no disk"),
        ([RUNNING, now("restarting", exit_code=1)], "ended with status 1"),
        ([RUNNING, now(restarts=1)], "its container ended, having said: no disk"),
        ([now(health="unhealthy")], "its image's own check calls it unhealthy, having said: no disk"),
        ([RUNNING, None], "its container was removed"),
        ([now("created")], "it was not healthy within 20 s, having said: no disk"),
        ([now(health="starting")], "it was not healthy within 20 s"),
    ],
)
def test_what_is_wrong_is_said_with_its_last_words(looks: list[Container | None], said: str) -> None:
    with pytest.raises(UnhealthyError, match=said):
        Ward(looks, words=b"first\nno  disk\n\n").wait()


def test_restarts_of_before_do_not_count() -> None:
    assert Ward([now(restarts=4)]).wait() == 3


def test_long_last_words_are_cut() -> None:
    with pytest.raises(UnhealthyError) as raised:
        Ward([now("exited")], words=b"\xff" * 5000).wait()
    assert len(str(raised.value)) < 300
