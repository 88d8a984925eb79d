"""Refuses files that run with another's rights in an image, but for those that image.json lists."""

from collections.abc import Iterable

from tools.archive.tar import Entry

_SETUID_SETGID = 0o6000


class PrivilegeError(ValueError):
    """A file runs with another's rights and image.json does not list it, or lists one that does not."""


def require_listed(listed: Iterable[str], entries: Iterable[Entry]) -> None:
    """Raises PrivilegeError with every file that is setuid or setgid and not `listed`, and the other way round."""
    expected = set(listed)
    privileged = {f"/{e.path}" for e in entries if e.kind in ("file", "hardlink") and e.mode & _SETUID_SETGID}
    problems = [f"{path}: setuid or setgid, and not listed" for path in sorted(privileged - expected)]
    problems += [f"{path}: listed, and neither setuid nor setgid" for path in sorted(expected - privileged)]
    if problems:
        raise PrivilegeError("\n".join(problems))
