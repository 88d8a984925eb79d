"""How an attachment ends, with a session and a terminal that are made up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from viberun.errors import ViberunError
from viberun.server.apps import attachment
from viberun.server.apps.inventory import Inventory
from viberun.server.engine.facts import Container
from viberun.server.errors import DockerUnreachableError, StateError
from viberun.server.images.reference import Reference
from viberun.server.state import State

DEMO = Container("old", "viberun-app-demo", "running", "i", {"dev.viberun.app": "demo"}, 20000)


@dataclass
class Docker:
    """A container, and a session in it of which `inspected` says how it ended: a status, or what asking raises."""

    inspected: int | Exception | None
    made: list[Container] = field(default_factory=lambda: [DEMO])
    hung_up: int = 0

    def container(self, reference: str) -> Container | None:
        return next((each for each in self.made if reference in (each.id, each.name)), None)

    def session(self, container: str, command: Sequence[str], user: str, environment: Mapping[str, str]) -> Docker:
        return self

    def exit_code(self) -> int | None:
        if isinstance(self.inspected, Exception):
            raise self.inspected
        return self.inspected

    def hang_up(self) -> None:
        self.hung_up += 1
        self.exit_code()


@dataclass
class Terminal:
    """One whose session ends at once, by this signal if there is one; `meanwhile` is what there is then."""

    docker: Docker
    ended_by: int | None = None
    meanwhile: list[Container] | None = None
    problem: BaseException | None = None
    resets: int = 0

    def require_terminal(self) -> None:
        """It is one."""

    def join(self, session: Docker) -> int | None:
        if self.meanwhile is not None:
            self.docker.made = self.meanwhile
        if self.problem is not None:
            raise self.problem
        return self.ended_by

    def reset(self) -> None:
        self.resets += 1


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attachment, "_NOTED_SECONDS", 0.1)


def attach(tmp_path: Path, terminal: Terminal) -> int:
    inventory = Inventory(terminal.docker, State(tmp_path), Reference("r/viberun", "dev"))  # type: ignore[arg-type]
    return attachment.attach(inventory, "demo", terminal, {})  # type: ignore[arg-type]


def test_a_session_that_was_left_leaves_the_screen_to_tmux(tmp_path: Path) -> None:
    terminal = Terminal(Docker(0))
    assert (attach(tmp_path, terminal), terminal.resets) == (0, 0)


def test_a_signal_ends_the_session_and_resets_the_terminal(tmp_path: Path) -> None:
    terminal = Terminal(Docker(None), ended_by=1)
    assert (attach(tmp_path, terminal), terminal.resets, terminal.docker.hung_up) == (129, 1, 1)


@pytest.mark.parametrize(
    ("inspected", "meanwhile", "said"),
    [
        (137, [replace(DEMO, state="exited")], "app 'demo' was stopped meanwhile; start it with"),
        (None, [], "app 'demo' was stopped meanwhile; start it with"),
        (None, [replace(DEMO, id="new")], "app 'demo' was updated meanwhile; attach to it again"),
        (None, [DEMO], "the session in app 'demo' has ended; attach to it again"),
        (3, [DEMO], "the session in app 'demo' ended with status 3"),
    ],
)
def test_what_ended_a_session_is_said_on_a_terminal_that_was_reset(
    tmp_path: Path, inspected: int | None, meanwhile: list[Container], said: str
) -> None:
    terminal = Terminal(Docker(inspected), meanwhile=meanwhile)
    with pytest.raises(ViberunError, match=said):
        attach(tmp_path, terminal)
    assert terminal.resets == 1


@pytest.mark.parametrize("ended_by", [None, 15])
def test_the_terminal_is_reset_where_docker_is_gone_too(tmp_path: Path, ended_by: int | None) -> None:
    terminal = Terminal(Docker(DockerUnreachableError("Docker hung up")), ended_by)
    with pytest.raises(DockerUnreachableError):
        attach(tmp_path, terminal)
    assert terminal.resets == 1


@pytest.mark.parametrize("problem", [DockerUnreachableError("Docker hung up"), KeyboardInterrupt()])
def test_the_terminal_is_reset_where_joining_it_fails(tmp_path: Path, problem: BaseException) -> None:
    terminal = Terminal(Docker(0), problem=problem)
    with pytest.raises(type(problem)):
        attach(tmp_path, terminal)
    assert terminal.resets == 1


def test_nothing_is_reset_where_no_session_began(tmp_path: Path) -> None:
    terminal = Terminal(Docker(0, [replace(DEMO, state="exited")]))
    with pytest.raises(StateError, match="does not run"):
        attach(tmp_path, terminal)
    assert terminal.resets == 0
