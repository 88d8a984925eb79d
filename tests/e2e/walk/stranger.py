"""Somebody at a terminal of the laptop, who types what the README says and answers what is asked."""

import re
from dataclasses import dataclass, field

from tests.e2e.host.terminal import Terminal
from tests.e2e.host.world import Person
from tests.e2e.walk.picture import Typed

_HOST_KEY = "Are you sure you want to continue connecting"
_QUESTION = r"\[[Yy]/[Nn]\] "
_ADDRESS = r"http://(127\.0\.0\.1|localhost):\d+"
_PROMPT = r"~[^$~]{0,80}\$ "
_DETACH = "\x02d"
_STYLE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07]*\x07|\r")


@dataclass
class Stranger:
    """`variables` are what the machine is set to (where its registries are), nothing that the README asks for.

    `session` is all that was typed, and what was shown then.
    """

    person: Person
    variables: dict[str, str] = field(default_factory=dict)
    session: list[Typed] = field(default_factory=list)

    def types(self, command: str, answer: str = "") -> str:
        """Types a command into a new login shell; `answer` is what to say to a question, empty for Enter.

        Returns all that was shown; fails where the command does.
        """
        shell = self._shell(command)
        while (seen := shell.meet(_HOST_KEY, _QUESTION, _ADDRESS)) is not None:
            if seen == 0:
                shell.enter("yes")
            elif seen == 1:
                shell.enter(answer)
            elif " open " in command:
                shell.interrupt()
        status = shell.end()
        self.session.append(Typed(command, shell.said))
        shown = _STYLE.sub("", shell.said)
        # Whoever opens a page ends that with Ctrl-C.
        assert status == 0 or (" open " in command and status in (130, -2)), f"{command}: {status}\n{shown}"
        return shown

    def vibes(self, command: str, *typed: str) -> str:
        """Opens an app's session, types into it, and detaches."""
        shell = self._shell(command)
        for line in typed:
            assert shell.meet(_PROMPT) is not None, shell.said
            shell.enter(line)
        assert shell.meet(_PROMPT) is not None, shell.said
        shell.type(_DETACH)
        status = shell.end()
        shown = _STYLE.sub("", shell.said)
        assert status == 0, f"{command}: {status}\n{shown}"
        return shown

    def _shell(self, command: str) -> Terminal:
        return self.person.laptop.terminal("bash", "-lc", command, user=self.person.name, **self.variables)
