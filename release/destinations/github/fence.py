"""The fence: the git ref `dev` says whose turn it is, and moves along the history alone.

GitHub moves a ref in one atomic step and, asked not to force it, only to a descendant. Should it not look at that for
tags, a run could move the ref back between another's comparison and its claim. Whoever finds the ref behind its own
commit takes it again (`reclaim`), and who moved it back finds a newer channel.json and gives it back (`give_back`).
"""

from collections.abc import Iterator

from release.destinations.github.api import Api, NotFastForwardError
from release.driver.outcome import Change, StaleError
from release.driver.progress import Meter
from release.transport.http import HttpError
from viberun.errors import ViberunError

WORKFLOWS = "give the token the permission to change workflows (`workflow` scope, or `workflows: write`)"
OVERTAKEN = "the run of the newest commit releases it; or release by hand with a token that may change workflows"

_LATER = "release a commit that comes after it"


class FencedError(ViberunError):
    """Another commit has the channel, and this one does not come after it."""


class Fence:
    """Who has the dev channel, and the claim to it."""

    def __init__(self, api: Api, tag: str) -> None:
        self._api = api
        self._tag = tag

    def holder(self) -> str | None:
        """Returns the commit that the ref stands on."""
        return self._api.tag_commit(self._tag)

    def reclaim(self, commit: str) -> str | None:
        """Takes the ref again for the commit where that comes after the holder; returns who holds it then.

        What GitHub shows of the ref may be older than the claim. Raises StaleError where it shows that of one after this.
        """
        holder = self.holder()
        if holder is None or holder == commit or not self._comes_after(holder, commit):
            return holder
        try:
            self._api.move_tag(self._tag, commit, force=False)
        except NotFastForwardError as error:
            raise StaleError(f"{self._tag} is another commit's, and GitHub does not show whose yet") from error
        return commit

    def give_back(self, commit: str, standing: str) -> None:
        """Moves the ref to what the channel stands at if that comes after the commit; raises FencedError then."""
        if standing != commit and self._comes_after(commit, standing):
            self._api.move_tag(self._tag, standing, force=False)
            raise FencedError(f"{commit} is older than {standing}, at which the channel stands", remedy=_LATER)

    def _comes_after(self, base: str, head: str) -> bool:
        compared = self._api.compare(base, head)
        return compared is not None and compared.status == "ahead"

    def obstacle(self, commit: str, holder: str | None) -> FencedError | None:
        """Tells why the commit could not claim the channel from the holder."""
        if holder in (None, commit):
            return None
        assert holder is not None
        compared = self._api.compare(holder, commit)
        status = compared.status if compared else "unrelated"
        if status in ("ahead", "identical"):
            return None
        how = {"behind": "older than", "diverged": "on another line of history than", "unrelated": "unrelated to"}[
            status
        ]
        return FencedError(
            f"{commit} is {how} {holder}, at which {self._tag} stands",
            remedy=_LATER + ("" if status == "behind" else ", or use --force if the history was rewritten"),
        )

    def claim(self, commit: str, *, force: bool) -> Iterator[Change]:
        """Tells how the ref moves to the commit, if it does not stand there. Raises FencedError."""
        holder = self.holder()
        if holder == commit:
            return
        if not force and (obstacle := self.obstacle(commit, holder)):
            raise obstacle

        def move(meter: Meter) -> None:
            try:
                if holder is None:
                    self._api.create_tag(self._tag, commit)
                else:
                    self._api.move_tag(self._tag, commit, force=force)
            except NotFastForwardError as error:
                raise self.obstacle(commit, self.holder()) or error from error
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
