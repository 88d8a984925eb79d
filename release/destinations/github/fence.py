"""The fence: the git ref `dev` says whose turn it is, and moves along the history alone.

GitHub moves a ref in one atomic step and, asked not to force it, only to a descendant. Should it not look at that for
tags, a run could move the ref back between another's comparison and its claim. Whoever finds the ref behind its own
commit for longer than GitHub may lag takes it again (`reclaim`), and who moved it back finds a newer channel.json and gives
it back (`give_back`).
"""

from collections.abc import Iterator

from release.destinations.github.api import Api
from release.driver.outcome import Change, StaleError
from release.driver.progress import Meter
from release.transport.http import HttpError, TakenError
from release.transport.patience import Waits
from viberun.errors import ViberunError

WORKFLOWS = "give the token the permission to change workflows (`workflow` scope, or `workflows: write`)"
OVERTAKEN = "the run of the newest commit releases it; or release by hand with a token that may change workflows"

_LATER = "release a commit that comes after it"


class FencedError(ViberunError):
    """Another commit has the channel, and this one does not come after it."""


class DivergedError(FencedError):
    """It is on another line of history: only who forces it gets the channel for it."""


class Fence:
    """Who has the dev channel, and the claim to it."""

    def __init__(self, api: Api, tag: str, waits: Waits) -> None:
        self._api = api
        self._tag = tag
        self._waits = waits
        self._claimed = dict[str, float]()
        """When GitHub took the claim of a commit, or was first seen to show the one before it."""
        self._overcome = set[str | None]()
        self._statuses = dict[tuple[str, str], str]()

    def holder(self) -> str | None:
        """Returns the commit that the ref stands on."""
        return self._api.tag_commit(self._tag)

    def reclaim(self, commit: str) -> str | None:
        """Returns who holds the ref: the commit, where GitHub shows what was there before. After a while it takes it again.

        Raises StaleError where another has it, and GitHub does not show whose it is.
        """
        holder = self.holder()
        if holder == commit or (holder and holder not in self._overcome and self._status(holder, commit) != "ahead"):
            return holder
        now = self._waits.clock()
        if now - self._claimed.setdefault(commit, now) > self._waits.patience.again:
            try:
                self._move(holder, commit, force=False)
            except TakenError as error:
                raise StaleError(f"{self._tag} is another commit's, and GitHub does not show whose yet") from error
        return commit

    def _move(self, holder: str | None, commit: str, *, force: bool) -> None:
        if holder is None:
            self._api.create_tag(self._tag, commit)
        else:
            self._api.move_tag(self._tag, commit, force=force)
        self._claimed[commit] = self._waits.clock()
        self._overcome.add(holder)

    def give_back(self, commit: str, standing: str) -> None:
        """Moves the ref to what the channel stands at if that comes after the commit; raises FencedError then."""
        if standing != commit and self._status(commit, standing) == "ahead":
            self._api.move_tag(self._tag, standing, force=False)
            raise FencedError(f"{commit} is older than {standing}, at which the channel stands", remedy=_LATER)

    def _status(self, base: str, head: str) -> str:
        """Tells how one commit stands to another, which never changes."""
        if (base, head) not in self._statuses:
            status = self._api.relation(base, head) or "unrelated"
            self._statuses[base, head] = status
            self._statuses[head, base] = {"ahead": "behind", "behind": "ahead"}.get(status, status)
        return self._statuses[base, head]

    def obstacle(self, commit: str, holder: str | None) -> FencedError | None:
        """Tells why the commit could not claim the channel from the holder."""
        if holder in (None, commit):
            return None
        assert holder is not None
        status = self._status(holder, commit)
        if status in ("ahead", "identical"):
            return None
        how = {"behind": "older than", "diverged": "on another line of history than", "unrelated": "unrelated to"}[
            status
        ]
        kind = FencedError if status == "behind" else DivergedError
        return kind(
            f"{commit} is {how} {holder}, at which {self._tag} stands",
            remedy=_LATER + ("" if status == "behind" else ", or use --force if the history was rewritten"),
        )

    def claim(self, commit: str, *, force: bool) -> Iterator[Change]:
        """Tells how the ref moves to the commit, if it does not stand there. Raises FencedError.

        Once GitHub has taken the claim that counts, whatever it shows of the ref.
        """
        if commit in self._claimed:
            return
        holder = self.holder()
        if holder == commit:
            return
        if not force and (obstacle := self.obstacle(commit, holder)):
            raise obstacle

        def move(meter: Meter) -> None:
            try:
                self._move(holder, commit, force=force)
            except HttpError as error:
                if error.status == 403 and (remedy := _remedy(error)):
                    raise HttpError(f"{self._tag} did not move: {error.message}", error.answer, remedy) from error
                raise

        yield Change("move", f"ref {self._tag} from {(holder or 'nothing')[:7]} to {commit[:7]}", make=move)


def _remedy(error: HttpError) -> str | None:
    """Tells what helps where workflow files were the reason. To the token of Actions GitHub names none, only what it takes."""
    if "workflow" in error.message:
        return WORKFLOWS
    return OVERTAKEN if "workflows" in error.answer.headers.get("x-accepted-github-permissions", "") else None
