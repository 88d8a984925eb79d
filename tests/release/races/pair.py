"""Two drivers at one set of servers, each behind gates of its own, so that a scheduler knows whose request it holds."""

import io
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from release.bundle.model import Bundle
from release.destinations.destination import Destination
from release.destinations.github.retention import Keep
from release.destinations.registry import remote
from release.driver import steps as driver
from release.driver.outcome import Problems
from release.driver.progress import Meter, Progress, Style
from release.signing.signer import Trust
from release.transport.patience import Waits
from tests.release.races.turns import Turns
from tests.release.remote.stack import Stack
from tests.release.servers.gate import Gate
from tests.release.signing import written
from viberun.errors import ViberunError

ALL = ("ghcr", "pypi", "npm", "github")


@dataclass(frozen=True)
class Driver:
    """One of the two: its gates, and the environment that leads through them."""

    letter: str
    gates: Mapping[str, Gate]
    variables: Mapping[str, str]
    trust: Trust

    def of(self, bundle: Bundle, servers: Stack) -> Mapping[str, str]:
        """The variables of the job that releases the bundle."""
        behind, gate = servers.gates["sigstore"].host, self.gates["sigstore"].host
        return {**self.variables, **{name: value.replace(behind, gate) for name, value in servers.job(bundle).items()}}

    def led(self, destination: Destination) -> Destination:
        """One that is asked beforehand as if the build named these gates: else only one driver could release it."""
        preflight = destination.preflight

        def led(bundle: Bundle, meter: Meter) -> Problems:
            github, registry = (self.variables[name] for name in ("GITHUB_SERVER_URL", "VIBERUN_OCI_REGISTRY"))
            build = replace(bundle.manifest.build, github=github, registry=registry)
            return preflight(replace(bundle, manifest=replace(bundle.manifest, build=build)), meter)

        destination.preflight = led  # type: ignore[method-assign]
        return destination


@dataclass(frozen=True)
class Pair:
    """`places` are those that releases go to; the others stay as they are."""

    servers: Stack
    drivers: tuple[Driver, Driver]

    def race(
        self,
        bundles: tuple[Bundle, Bundle],
        order: Sequence[str],
        places: Collection[str] = ALL,
        waits: Waits = Waits(),  # noqa: B008 - a value
    ) -> tuple[list[ViberunError | None], str]:
        """Releases both at once, taking turns by `order` (letters a and b); returns how each ended, and the turns taken."""
        turns, errors = Turns(order), list[ViberunError | None]([None, None])

        def run(number: int) -> None:
            one = self.drivers[number]
            for gate in one.gates.values():
                gate.reset()
                gate.policy = turns.policy(one.letter)
            try:
                destinations = [
                    one.led(each)
                    for each in remote(
                        one.of(bundles[number], self.servers),
                        one.trust,
                        keep=Keep(3, 0),
                        sleep=waits.sleep,
                        clock=waits.clock,
                    )
                    if each.name in places
                ]
                progress = Progress(io.StringIO(), Style(quiet=True), lambda: 0.0)
                driver.release(bundles[number], destinations, progress, dry_run=False)
            except ViberunError as error:
                errors[number] = error
            finally:
                turns.ended(one.letter)

        threads = [threading.Thread(target=run, args=(number,)) for number in (0, 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return errors, "".join(turns.taken)


@contextmanager
def pair(servers: Stack, folder: Path) -> Iterator[Pair]:
    """Puts a second set of gates in front of the servers; `folder` is for what the second driver has of its own."""
    with ExitStack() as entered:
        gates = {name: entered.enter_context(Gate(gate.behind)) for name, gate in servers.gates.items()}
        home, trust = folder / "home", folder / "trust"
        for place in (home, trust):
            place.mkdir(parents=True)

        def led(text: str) -> str:
            for name, gate in servers.gates.items():
                text = text.replace(gate.host, gates[name].host)
            return text

        (home / ".npmrc").write_text(led((Path(servers.variables["HOME"]) / ".npmrc").read_text()))
        first = {**servers.variables, "VIBERUN_HTTP_TIMEOUT": "60"}
        second = {name: led(value) for name, value in first.items()} | {"HOME": str(home)}
        own = written(servers.sigstore.instance, trust, gates["sigstore"].host)
        yield Pair(servers, (Driver("a", servers.gates, first, servers.trust), Driver("b", gates, second, own)))
