"""npm's own command, as it is on PATH and set up by whoever runs it; it has the registry's address and the credentials."""

import json
import re
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from release.transport.address import without_login
from release.transport.http import UnansweredError
from release.transport.patience import Patience
from release.transport.programs import Ended, Run
from viberun.errors import ViberunError

_CODE = re.compile(r"^npm (?:error|ERR!) code (\S+)$", re.MULTILINE)
# Statuses and broken connections that say nothing for the next time; 409 is also npm's word for "there already".
_PASSING = re.compile(
    r"E(408|409|429|5[0-9]{2})|EPUBLISHCONFLICT|E?CONN\w+|E\w*TIMEOUT|ETIMEDOUT|EPIPE|EAI_AGAIN|ENOTFOUND|E?FETCH\w*"
    r"|ERR_(SOCKET|STREAM)\w+|UND_\w+|"
)
# What sigstore's client calls a trouble of its services.
_SIGNING = re.compile(r"(?:CA|TLOG|TSA|IDENTITY_TOKEN)_\w+")
# Staged: taken, and not shown before the registry has looked through it.
_THERE = re.compile("over (?:the )?previously (?:published|staged)|already present|EPUBLISHCONFLICT", re.IGNORECASE)
# What stands in front of every line, the code once more, and where there would be a log.
_NOISE = re.compile(r"npm (?:error|ERR!) (?:code \S+ ?)?|(?:A complete log|Log files were not written).*")
_START_SECONDS = 15.0
_FOR_A_PERSON = 600.0
_SLOWEST = 64 * 1024  # bytes a second, below which an upload is given up


class NpmError(ViberunError):
    """npm did not do what it was asked for, and would not another time."""


class SecondFactorError(NpmError):
    """npm asks for a second factor, which only a person at a terminal has."""


class PublishedError(ViberunError):
    """The registry has this version, whether or not it shows it yet."""


class UnsignedError(UnansweredError):
    """The services that provenance is signed with did not do it."""


@dataclass(frozen=True)
class Npm:
    """Each method is one run of npm, in an empty folder, so that no project's settings count.

    `ask` runs it where it can ask somebody for a second factor, if there is anybody.
    """

    run: Run
    patience: Patience
    ask: Run | None = None

    def registry(self) -> str:
        """Returns the registry's address, with a slash at the end and without a login, which npm alone uses."""
        return f"{without_login(self._npm_output(['config', 'get', 'registry'])).rstrip('/')}/"

    def version(self) -> tuple[int, ...]:
        return _numbers(self._npm_output(["--version"]))

    def node(self) -> tuple[int, ...]:
        """Returns the version of the Node.js that is on PATH, where npm's own first line finds it."""
        return _numbers(self._output(["node", "--version"], _START_SECONDS))

    def user(self) -> str:
        """Asks who publishes. Raises NpmError where nobody is logged in."""
        return self._npm_output(["whoami"])

    def second_factor(self) -> bool | None:
        """Tells whether who is logged in needs one to publish; None where only the registry knows. Raises as `user` does."""
        try:
            factor = json.loads(self._npm_output(["profile", "get", "--json"])).get("tfa")
        except (NpmError, ValueError, AttributeError):
            self.user()  # some tokens may publish and not read the profile
            return None
        return bool(factor) and not (isinstance(factor, dict) and factor.get("mode") == "auth-only")

    def publish(self, package: Path, tag: str, *, provenance: bool | None = None, trusted: str | None = None) -> None:
        """Publishes a file, whose name must end in `.tgz`.

        `provenance`: signed or not, whatever npm is set to. `trusted`: the job is what the registry trusts, no login;
        the remedy where it turns out not to.

        Raises PublishedError where the version is taken, UnsignedError where signing failed, NpmError when refused for
        another reason, and UnansweredError where only the registry can tell what has happened.
        """
        options = ["--tag", tag]
        if provenance is not None:
            options += ["--provenance", "--access", "public"] if provenance else ["--provenance=false"]
        self._npm_output(["publish", str(package), *options], package.stat().st_size, trusted)

    def add_tag(self, package: str, version: str, tag: str) -> None:
        """Raises as `publish` does. npm does nothing where its cache says that the tag is there already."""
        self._npm_output(["dist-tag", "add", f"{package}@{version}", tag, "--prefer-online"])

    def _npm_output(self, arguments: Sequence[str], size: int = 0, trusted: str | None = None) -> str:
        """Runs it; where it wants a second factor and there is a terminal, once more there."""
        # One try, as whether to try again takes a look at the registry.
        options = ["--fetch-retries=0", f"--fetch-timeout={self.patience.silence * 1000:.0f}"]
        quiet = ["--no-update-notifier", "--no-progress", "--no-color", "--logs-max=0", "--loglevel=error"]
        command = ["npm", *arguments, *options, *quiet]
        seconds = _START_SECONDS + self.patience.silence + size / _SLOWEST
        try:
            return self._output(command, seconds, trusted)
        except SecondFactorError:
            if self.ask is None:
                raise
            return self._output(command, seconds + _FOR_A_PERSON, trusted, self.ask)

    def _output(
        self, command: Sequence[str], seconds: float, trusted: str | None = None, run: Run | None = None
    ) -> str:
        with ExitStack() as stack:
            try:
                folder = stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
            except OSError as error:
                raise NpmError(f"there is no folder to run {command[0]} in: {error}", remedy="see TMPDIR") from error
            ended = (run or self.run)(command, _VARIABLES, Path(folder), seconds)
        if ended.status == 0:
            return ended.out.strip()
        words = [word for word in command[:3] if not word.startswith("-")]
        raise _error(" ".join(words), ended, trusted)


_VARIABLES: Mapping[str, str] = {"NO_UPDATE_NOTIFIER": "1"}


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])


def _error(command: str, ended: Ended, trusted: str | None) -> ViberunError:
    if ended.status is None:
        return UnansweredError(f"{command}: no answer in time", remedy="run the same command again")
    found = _CODE.search(ended.err)
    code = found[1] if found else ""
    text = without_login(f"{command}: {code} {_NOISE.sub('', ended.last_words)}".rstrip())
    if _THERE.search(ended.err):
        return PublishedError(text)
    if trusted and code == "ENEEDAUTH":  # npm got no token in exchange, and does not tell why: that may pass
        return UnansweredError(text, remedy=trusted)
    if trusted and code in ("E401", "E403", "E404"):
        return NpmError(text, remedy=trusted)
    if code in ("ENEEDAUTH", "E401"):
        return NpmError(text, remedy="log in with 'npm login', or set a token in ~/.npmrc")
    if code == "EOTP":
        return SecondFactorError(text, remedy="run the same command on a terminal, where npm asks for it")
    if code in ("E403", "E404"):
        return NpmError(text, remedy="publish as somebody who may publish this package")
    if _SIGNING.fullmatch(code):
        return UnsignedError(text, remedy="run the same command again")
    if _PASSING.fullmatch(code):
        return UnansweredError(text, remedy="run the same command again")
    return NpmError(text)
