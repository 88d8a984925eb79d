from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from viberun.server.engine.facts import Event, Image
from viberun.server.errors import DockerUnreachableError, ImageError, LockedError
from viberun.server.images import images
from viberun.server.images.images import Meter, Pulled, Pulling
from viberun.server.images.reference import Reference

WANTED = Reference("r/viberun", "dev")
OLD, NEW = "sha256:" + "0" * 64, "sha256:" + "1" * 64


@dataclass
class Lock:
    """The lock of the host; what `others` does, it does right before this is given the lock."""

    held: bool = False
    others: Callable[[], None] = lambda: None

    @contextlib.contextmanager
    def locked(self, purpose: str) -> Iterator[None]:
        assert purpose == "images pull"
        self.others()
        self.held = True
        try:
            yield
        finally:
            self.held = False


@dataclass
class Docker:
    """What `images` asks of an engine: images by name, and a registry that has one image."""

    here: dict[str, Image] = field(default_factory=dict)
    failures: list[Exception] = field(default_factory=list)
    pulls: list[str] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)
    state: Lock = field(default_factory=lambda: Lock())
    locked: dict[str, bool] = field(default_factory=dict)

    def image(self, reference: str) -> Image | None:
        return self.here.get(reference)

    def pull(self, repository: str, tag: str) -> Iterator[Event]:
        self.pulls.append(tag)
        self.locked["pull"] = self.state.held
        if self.failures:
            raise self.failures.pop(0)
        yield Event("a", "Downloading", 1, 2)
        name = f"{repository}@{tag}" if ":" in tag else f"{repository}:{tag}"
        self.here[name] = Image("new", (), (f"{repository}@{NEW}",), {}, 1)

    def tag(self, image: str, repository: str, tag: str) -> None:
        self.locked["tag"] = self.state.held
        self.here[f"{repository}:{tag}"] = self.here[image]

    def forget_image(self, image: str) -> None:
        self.locked["forget"] = self.state.held
        self.forgotten.append(image)


def pull(docker: Docker, digest: str | None = NEW) -> Pulled:
    state = docker.state
    return images.pull(docker, state, "viberun", WANTED, digest, lambda _: None, lambda _: None)  # type: ignore[arg-type]


def test_a_pull_by_digest_gives_the_image_its_name() -> None:
    docker = Docker()
    assert pull(docker) == Pulled("viberun", "pulled", "r/viberun:dev", NEW)
    assert docker.pulls == [NEW]
    assert docker.here["r/viberun:dev"].id == "new"


def test_what_is_here_already_is_not_pulled_again() -> None:
    docker = Docker()
    pull(docker)
    assert pull(docker).status == "present"
    assert docker.pulls == [NEW]


def test_an_image_that_is_here_but_not_named_gets_its_name() -> None:
    docker = Docker({f"r/viberun@{NEW}": Image("new", (), (), {}, 1), "r/viberun:dev": Image("old", (), (), {}, 1)})
    assert pull(docker).status == "present"
    assert docker.here["r/viberun:dev"].id == "new"
    assert docker.forgotten == ["old"]


def test_without_a_digest_the_name_is_pulled() -> None:
    docker = Docker()
    assert pull(docker, None) == Pulled("viberun", "pulled", "r/viberun:dev", NEW)
    assert pull(docker, None) == Pulled("viberun", "present", "r/viberun:dev", NEW)
    assert docker.pulls == ["dev", "dev"]


def test_the_image_that_had_the_name_is_given_up_only_once_the_new_one_has_it() -> None:
    docker = Docker({"r/viberun:dev": Image("old", (), (f"r/viberun@{OLD}",), {}, 1)}, [ImageError("denied")])
    assert pull(docker).status == "failed"
    assert docker.forgotten == []
    assert pull(docker).status == "pulled"
    assert docker.forgotten == ["old"]


@pytest.mark.parametrize(("digest", "touched"), [(NEW, {"tag": True}), (None, {})])
def test_the_lock_is_held_while_names_change_and_not_while_it_is_pulled(
    digest: str | None, touched: dict[str, bool]
) -> None:
    docker = Docker({"r/viberun:dev": Image("old", (), (f"r/viberun@{OLD}",), {}, 1)})
    assert pull(docker, digest).status == "pulled"
    assert docker.locked == {"pull": False, "forget": True, **touched}
    assert not docker.state.held


def test_what_another_gave_the_name_in_the_meantime_is_what_is_given_up() -> None:
    docker = Docker({"r/viberun:dev": Image("old", (), (f"r/viberun@{OLD}",), {}, 1)})
    other = Image("other", (), (), {}, 1)
    docker.state.others = lambda: docker.here.update({"r/viberun:dev": other})
    assert pull(docker).status == "pulled"
    assert docker.forgotten == ["other"]


def test_a_host_that_another_keeps_locked_is_a_failure_of_the_image() -> None:
    docker = Docker()

    def locked() -> None:
        raise LockedError("another viberun has been at work", remedy="wait for it")

    docker.state.others = locked
    assert pull(docker).problem == "another viberun has been at work; wait for it"


def test_a_failure_that_may_pass_is_tried_again_twice() -> None:
    docker = Docker(failures=[ImageError("i/o timeout"), ImageError("connection refused")])
    assert pull(docker).status == "pulled"
    assert len(docker.pulls) == 3
    docker = Docker(failures=[ImageError("i/o timeout") for _ in range(9)])
    assert pull(docker).problem == "i/o timeout"
    assert len(docker.pulls) == 3


def test_a_failure_that_will_not_pass_is_reported_at_once() -> None:
    docker = Docker(failures=[ImageError("no space left on device", remedy="free some")])
    assert pull(docker) == Pulled("viberun", "failed", "r/viberun:dev", NEW, "no space left on device; free some")
    assert len(docker.pulls) == 1


def test_docker_s_absence_ends_it_all() -> None:
    with pytest.raises(DockerUnreachableError):
        pull(Docker(failures=[DockerUnreachableError("gone")]))


def test_progress_adds_up_the_layers_and_comes_five_times_a_second_at_most() -> None:
    reports: list[Pulling] = []
    clock = [0.0]
    meter = Meter("viberun", reports.append, lambda: clock[0])
    for event in (
        Event(None, "Pulling from r/viberun"),
        Event("a", "Pulling fs layer"),
        Event("a", "Downloading", 10, 100),
        Event("b", "Downloading", 5, 50),
        Event("a", "Download complete"),
        Event("b", "Extracting", 1, 50),
        Event("c", "Already exists"),
    ):
        meter.take(event)
        meter.take(event)
        clock[0] += 0.3
    assert [(report.done, report.total) for report in reports] == [(0, 0), (10, 100), (15, 150), (105, 150), (150, 150)]


def test_progress_is_silent_in_between() -> None:
    reports: list[Pulling] = []
    meter = Meter("viberun", reports.append, lambda: 0.0)
    for done in range(100):
        meter.take(Event("a", "Downloading", done, 100))
    assert len(reports) == 1
