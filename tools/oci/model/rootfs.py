"""Merges the files of packages into one file system: one entry a path, and an error where two packages disagree.

Merged /usr (Debian's since 12): a path below a top-level link moves below what it links to, and a folder never replaces a link.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace

from tools.archive.tar import Entry

# The top-level folders that are links into /usr on one architecture or another (usrmerge, base-files).
MERGED = frozenset({"bin", "sbin", "lib", "lib32", "lib64", "libo32", "libx32"})


class ConflictError(ValueError):
    """Two packages or layers want one path to be different things."""


def merged(path: str) -> str:
    """Returns where `path` of a package lies on a system with merged /usr."""
    top, _, rest = path.partition("/")
    return f"usr/{path}" if top in MERGED and rest else path


class Tree:
    """Entries by path, each with the name of what brought it."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._owners: dict[str, str] = {}

    def add(self, entry: Entry, owner: str) -> None:
        """Puts an entry in, which must be new or equal to what stands there.

        Raises:
            ConflictError: something else stands there.
        """
        present = self._entries.get(entry.path)
        if present is None:
            self._entries[entry.path] = entry
            self._owners[entry.path] = owner
        elif present != entry:
            raise ConflictError(
                f"/{entry.path}: {self._owners[entry.path]} has {describe(present)}, {owner} has {describe(entry)}"
            )

    def put(self, entry: Entry, owner: str) -> None:
        """Puts an entry in, in the place of what stands there."""
        self._entries[entry.path] = entry
        self._owners[entry.path] = owner

    def remove(self, path: str) -> None:
        del self._entries[path]
        del self._owners[path]

    def get(self, path: str) -> Entry | None:
        return self._entries.get(path)

    def entries(self) -> dict[str, Entry]:
        """Returns the entries by path, as they are now."""
        return dict(self._entries)

    def __contains__(self, path: str) -> bool:
        return path in self._entries

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.values())

    def add_parents(self, known: dict[str, Entry] | None = None) -> None:
        """Puts in every folder that an entry lies in and that nothing brought: as in `known`, else root's, 755."""
        for path in list(self._entries):
            while "/" in path:
                path = path.rpartition("/")[0]
                if path in self._entries:
                    break
                folder = (known or {}).get(path) or Entry(path, "directory", 0o755)
                self.put(replace(folder, data=b""), "parents")

    def packed(self) -> list[Entry]:
        """Returns the entries sorted by path, as an archive has them: of paths that share a file the first one holds it."""
        groups: defaultdict[str, list[str]] = defaultdict(list)
        for entry in self:
            if entry.kind == "hardlink":
                groups[entry.link].append(entry.path)
        moved: dict[str, Entry] = {}
        for target, links in groups.items():
            first, *rest = sorted([target, *links])
            content = self._entries[target]
            moved[first] = replace(content, path=first)
            for path in rest:
                moved[path] = replace(content, path=path, kind="hardlink", link=first, data=b"")
        return [moved.get(path, entry) for path, entry in sorted(self._entries.items())]


def describe(entry: Entry) -> str:
    """Returns an entry in a few words, for an error."""
    link = f" to {entry.link}" if entry.link else ""
    return f"a {entry.kind}{link} ({entry.mode:o} {entry.uid}:{entry.gid})"


def fail_on_missing_folders(entries: Iterable[Entry]) -> None:
    """Raises ConflictError where an entry lies below something that is no folder."""
    kinds = {entry.path: entry.kind for entry in entries}
    for path in kinds:
        parent = path.rpartition("/")[0]
        if parent and kinds.get(parent) != "directory":
            raise ConflictError(f"/{path}: /{parent} is {'a ' + kinds[parent] if parent in kinds else 'missing'}")
