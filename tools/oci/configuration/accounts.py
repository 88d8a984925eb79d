"""Writes /etc/passwd and its companions as base-passwd, shadow's tools and `useradd` would leave them.

Nobody has a password, and no field tells when something was changed: that would be the day of the build.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from tools.archive.tar import Entry
from tools.oci.model.declaration import Group, User
from tools.oci.model.installed import Installed

_MASTERS = "usr/share/base-passwd/"
_SHADOW_GID = 42
_NEVER_EXPIRES = ("0", "99999", "7", "", "", "")


@dataclass(frozen=True)
class _Account:
    """A line of passwd(5) or group(5), and what stands for its password in the shadow file."""

    fields: tuple[str, ...]
    password: str

    @property
    def name(self) -> str:
        return self.fields[0]


class AccountError(ValueError):
    """Two accounts have one name or one number."""


def files(installed: Installed, users: tuple[User, ...], groups: tuple[Group, ...]) -> list[Entry]:
    """Returns the account files: Debian's own accounts where base-passwd is installed, then the declared ones.

    Raises:
        AccountError: see there.
    """
    passwd = _masters(installed, "passwd.master") + [
        _Account(
            (user.name, "x", str(user.uid), str(user.gid), user.gecos, user.home, user.shell), "!" if user.uid else "*"
        )
        for user in users
    ]
    group = _masters(installed, "group.master") + [
        _Account((group.name, "x", str(group.gid), ",".join(group.members)), "!") for group in groups
    ]
    for accounts in (passwd, group):
        _fail_on_duplicates(accounts)
    return [
        Entry("etc/passwd", data=_lines(account.fields for account in passwd)),
        Entry("etc/group", data=_lines(account.fields for account in group)),
        _secret("etc/shadow", [(user.name, user.password, "", *_NEVER_EXPIRES) for user in passwd]),
        _secret("etc/gshadow", [(group.name, group.password, "", group.fields[3]) for group in group]),
        Entry("etc/subuid"),
        Entry("etc/subgid"),
    ]


def _masters(installed: Installed, name: str) -> list[_Account]:
    if not installed.has("base-passwd"):
        return []
    rows = [line.split(":") for line in installed.text(_MASTERS + name).splitlines()]
    return [_Account((row[0], "x", *row[2:]), "*") for row in rows]


def _fail_on_duplicates(accounts: list[_Account]) -> None:
    for field in (0, 2):
        values = [account.fields[field] for account in accounts]
        twice = sorted({value for value in values if values.count(value) > 1})
        if twice:
            raise AccountError(f"more than one account has the name or number {', '.join(twice)}")


def _secret(path: str, rows: list[tuple[str, ...]]) -> Entry:
    return Entry(path, mode=0o640, gid=_SHADOW_GID, data=_lines(rows))


def _lines(rows: Iterable[tuple[str, ...]]) -> bytes:
    return "".join(":".join(row) + "\n" for row in rows).encode()
