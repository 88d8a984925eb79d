"""A repository's commits, as much of them as GitHub's API looks at: parents, messages, workflow files."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Commit:
    """`workflows` has the blob id of each file in `.github/workflows`. Without `when` it is of this moment at any time."""

    sha: str
    parents: tuple[str, ...]
    message: str
    workflows: tuple[tuple[str, str], ...]
    when: datetime | None = None


@dataclass(frozen=True)
class Comparison:
    """`commits` are those of head that base lacks, oldest first."""

    status: str
    behind_by: int
    merge_base: str
    commits: tuple[Commit, ...]


class Commits:
    """The graph. Grows, and never changes."""

    def __init__(self) -> None:
        self._by_sha: dict[str, Commit] = {}

    def add(
        self, message: str, *parents: str, workflows: Mapping[str, str] | None = None, when: datetime | None = None
    ) -> str:
        """Adds a commit whose workflow files are those of its first parent, unless given; returns its sha."""
        if workflows is None:
            inherited = self._by_sha[parents[0]].workflows if parents else ()
        else:
            inherited = tuple((name, _hash(content)) for name, content in sorted(workflows.items()))
        sha = _hash(f"{len(self._by_sha)} {parents} {message} {inherited}")
        self._by_sha[sha] = Commit(sha, parents, message, inherited, when)
        return sha

    def get(self, sha: str) -> Commit | None:
        return self._by_sha.get(sha)

    def compare(self, base: str, head: str) -> Comparison | None:
        """How head stands to base, as `git rev-list --left-right base...head`; None where they share no commit."""
        before, after = self._ancestors(base), self._ancestors(head)
        shared = [sha for sha in before if sha in after]
        if not shared:
            return None
        ahead = tuple(self._by_sha[sha] for sha in after if sha not in before)
        behind = sum(sha not in after for sha in before)
        status = {
            (False, False): "identical",
            (True, False): "ahead",
            (False, True): "behind",
            (True, True): "diverged",
        }[bool(ahead), bool(behind)]
        return Comparison(status, behind, shared[-1], ahead)

    def log(self, sha: str) -> list[Commit]:
        """The commit and all that led to it, the newest first."""
        return [self._by_sha[each] for each in reversed(self._ancestors(sha))]

    def is_ancestor(self, sha: str, of: str) -> bool:
        return sha in self._ancestors(of)

    def _ancestors(self, sha: str) -> list[str]:
        """The commit and all that led to it, in the order in which they were made."""
        found, open_ends = set[str](), [sha]
        while open_ends:
            current = open_ends.pop()
            if current not in found:
                found.add(current)
                open_ends += self._by_sha[current].parents
        return [known for known in self._by_sha if known in found]


def _hash(text: str) -> str:
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
