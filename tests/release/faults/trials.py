"""One trial is one release that something happens to, and then the same command again; afterwards all must be whole.

A reader polls all the while, and once at least what a killed release has left. In a release that nothing happens to, whatever
moves a name is held until it has polled once with that done and, for names that take two requests, in between.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue

from release.bundle.model import Bundle
from tests.release.faults.kinds import CHANGES, READS, kind_of
from tests.release.faults.reader import Reader
from tests.release.remote.stack import Stack, stack
from tests.release.remote.whole import check_whole
from tests.release.servers.gate import FAULTS, Asked, Fault, Policy
from viberun.version import Channel

# Few, so that a release deletes too; only dev deletes.
_OPTIONS: Mapping[Channel, Sequence[str]] = {"dev": ("--keep", "2"), "prod": ()}
_MOVES = {"move a tag", "publish", "rename an asset", "delete an asset"}


@dataclass(frozen=True)
class Kill:
    """SIGKILL of a channel's release at the `number`th change behind a gate, before or after the server carried it out."""

    channel: Channel
    gate: str
    number: int
    when: str

    def __str__(self) -> str:
        return f"{self.channel} killed {self.when} request {self.number} to {self.gate}"


@dataclass(frozen=True)
class Trouble:
    """Of a channel's release the first request of each of these kinds fails once in this way."""

    channel: Channel
    fault: str
    kinds: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        (gate, kind), *more = self.kinds
        return f"{self.channel} with {self.fault}: {gate}: {kind}{f' and {len(more)} other kinds' if more else ''}"


Trial = Kill | Trouble


@dataclass
class Field:
    """Servers with a channel that stands, and its reader."""

    servers: Stack
    reader: Reader
    watched: int = 0
    prods: int = 0

    def count(self) -> dict[Channel, dict[str, list[str]]]:
        """Releases once to each channel; returns the kinds of the changes behind each gate, in their order."""
        self._release_watched()
        dev = self._changes("dev")
        self._reset()
        with self._known("prod"):
            self.servers.released(self._next("prod"), *_OPTIONS["prod"])
        return {"dev": dev, "prod": self._changes("prod")}

    @contextmanager
    def _known(self, channel: Channel) -> Iterator[None]:
        """Raises AssertionError where a request in the block asks what is of no kind."""
        unknown = set[str]()

        def listen(gate: str) -> Policy:
            def policy(request: Asked) -> None:
                if kind_of(READS[channel], gate, request) is None:
                    unknown.add(f"{gate}: {request}")

            return policy

        for name, gate in self.servers.gates.items():
            gate.reading = listen(name)
        yield
        assert not unknown, unknown

    def attempt(self, trial: Trial) -> None:
        """Raises AssertionError where the release was not whole in the end, or a reader saw something wrong."""
        match trial:
            case Kill():
                self._kill(trial)
            case Trouble():
                self._trouble(trial)
        assert not self.reader.wrong, self.reader.wrong

    def _changes(self, channel: Channel) -> dict[str, list[str]]:
        kinds = {
            name: [(change, kind_of(CHANGES[channel], name, change)) for change in gate.changes]
            for name, gate in self.servers.gates.items()
        }
        assert not (unknown := [change for pairs in kinds.values() for change, kind in pairs if kind is None]), unknown
        return {name: [kind for _, kind in pairs if kind] for name, pairs in kinds.items()}

    def _next(self, channel: Channel) -> Bundle:
        if channel == "dev":
            return self.servers.next()
        self.prods += 1
        return self.servers.builds.prod(f"1.{self.prods}.0", self.servers.builds.commit())

    def _reset(self) -> None:
        for gate in self.servers.gates.values():
            gate.reset()

    def _release_watched(self) -> None:
        """With a poll in every state that the names that move pass through."""
        bundle = self.servers.next()
        for name, gate in self.servers.gates.items():
            gate.reset()
            gate.policy = self._watched(name)
        before = self.reader.polls
        with self._known("dev"):
            self.servers.released(bundle, *_OPTIONS["dev"])
        self.watched = self.reader.polls - before
        check_whole(self.servers, bundle)
        assert not self.reader.wrong, self.reader.wrong

    def _watched(self, gate: str) -> Policy:
        def policy(change: Asked) -> Fault | None:
            moves = kind_of(CHANGES["dev"], gate, change) in _MOVES
            return Fault(before=self.reader.await_poll, after=self.reader.await_poll) if moves else None

        return policy

    def _kill(self, kill: Kill) -> None:
        bundle = self._next(kill.channel)
        started, reached = threading.Event(), threading.Event()

        def end() -> None:
            started.wait()
            reached.set()
            run.kill()

        dead = Fault("no", "reset", before=end) if kill.when == "before" else Fault("whole", "reset", after=end)
        self._reset()
        self.servers.gates[kill.gate].policy = lambda change: dead if change.number == kill.number else None
        run = self.servers.start(bundle, *_OPTIONS[kill.channel])
        started.set()
        ended = run.wait()
        assert reached.is_set(), f"there was no such request: {ended.status} {ended.err}"
        assert ended.status == -9, ended.err
        self.reader.await_poll()
        self._reset()
        self.servers.released(bundle, *_OPTIONS[kill.channel])
        check_whole(self.servers, bundle)

    def _trouble(self, trouble: Trouble) -> None:
        bundle, reads = self._next(trouble.channel), READS[trouble.channel]
        onces = [Once(trouble.channel, gate, kind, FAULTS[trouble.fault]) for gate, kind in trouble.kinds]
        self._reset()
        for name, gate in self.servers.gates.items():
            gate.policy = gate.reading = first_of([once for once in onces if once.gate == name])
        ended = self.servers.release(bundle, *_OPTIONS[trouble.channel])
        self._reset()
        assert all(once.happened for once in onces), [once.kind for once in onces if not once.happened]
        if all(kind in reads[gate] for gate, kind in trouble.kinds):  # what only asks is simply asked again
            assert ended.status == 0, ended.err
        self.servers.released(bundle, *_OPTIONS[trouble.channel])
        check_whole(self.servers, bundle)


class Once:
    """Lets the first request of a kind fail."""

    def __init__(self, channel: Channel, gate: str, kind: str, fault: Fault) -> None:
        self.gate = gate
        self.kind = kind
        self.happened = False
        self._fault = fault
        self._kinds = CHANGES[channel] if kind in CHANGES[channel][gate] else READS[channel]
        self._lock = threading.Lock()

    def __call__(self, change: Asked) -> Fault | None:
        if kind_of(self._kinds, self.gate, change) != self.kind:
            return None
        with self._lock:
            if self.happened:
                return None
            self.happened = True
        return self._fault


def first_of(policies: Sequence[Policy]) -> Policy:
    """What the first of them that has something to say says."""

    def policy(change: Asked) -> Fault | None:
        return next((fault for each in policies if (fault := each(change))), None)

    return policy


@dataclass
class Outcome:
    """Of all trials, by sort: how many there were and what failed.

    `chosen` were to be tried; `counted` are the kinds of the changes of one release behind each gate; `polls` all that
    readers made, `watched` those during releases that were held for them.
    """

    chosen: int = 0
    tried: Counter[str] = field(default_factory=Counter)
    failures: dict[str, list[str]] = field(default_factory=lambda: {"Kill": [], "Trouble": []})
    counted: dict[Channel, dict[str, list[str]]] = field(default_factory=dict)
    polls: int = 0
    watched: list[int] = field(default_factory=list)

    def __str__(self) -> str:
        made = " and ".join(
            f"a {channel} release makes {sum(map(len, gates.values()))} changes"
            f" ({', '.join(f'{len(kinds)} to {gate}' for gate, kinds in gates.items())})"
            for channel, gates in self.counted.items()
        )
        return (
            f"{made};"
            f" killed {self.tried['Kill']} times, failing requests in {self.tried['Trouble']} releases;"
            f" {self.polls} polls by readers, {' and '.join(map(str, self.watched))} during promotions;"
            f" {sum(map(len, self.failures.values()))} failures"
        )


def run_trials(
    choose: Callable[[Mapping[Channel, Mapping[str, Sequence[str]]]], Sequence[Trial]],
    folder: Path,
    script: Path,
    path: str,
    tell: Callable[[str], None] = lambda line: None,
    width: int = 2,
) -> Outcome:
    """Counts the changes of a release, and tries what `choose` makes of them, on `width` sets of servers at a time.

    `tell` hears of each trial when it is over. Whoever interrupts this waits for no more than the trials under way.
    """
    waiting: SimpleQueue[Trial] = SimpleQueue()
    outcome, lock = Outcome(), threading.Lock()

    def work(number: int) -> None:
        with ExitStack() as entered:
            servers = entered.enter_context(stack(folder / str(number), script, path))
            servers.variables["VIBERUN_HTTP_TIMEOUT"] = "3"
            servers.begin()
            for _ in range(2):
                servers.released(servers.next(), *_OPTIONS["dev"])
            own = Field(servers, entered.enter_context(Reader(servers)))
            counted = own.count()
            with lock:
                if not outcome.counted:
                    outcome.counted = counted
                    chosen = choose(counted)
                    outcome.chosen = len(chosen)
                    for trial in chosen:
                        waiting.put(trial)
            while (taken := _next(waiting)) is not None:
                failure = _failure(own, taken)
                with lock:
                    outcome.tried[type(taken).__name__] += 1
                    outcome.failures[type(taken).__name__] += [failure] if failure else []
                    tell(f"{outcome.tried.total()} of {outcome.chosen}  {failure or taken}")
            with lock:
                outcome.polls += own.reader.polls
                outcome.watched.append(own.watched)

    with ThreadPoolExecutor(width) as pool:
        try:
            for each in [pool.submit(work, number) for number in range(width)]:
                each.result()
        finally:
            while _next(waiting):
                pass
    return outcome


def _next(waiting: SimpleQueue[Trial]) -> Trial | None:
    try:
        return waiting.get_nowait()
    except Empty:
        return None


def _failure(own: Field, trial: Trial) -> str | None:
    own.reader.wrong.clear()
    try:
        own.attempt(trial)
    except Exception as error:
        return f"{trial}: {type(error).__name__}: {error}"
    return None
