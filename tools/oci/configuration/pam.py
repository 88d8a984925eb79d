"""Writes /etc/pam.d/common-*: what `pam-auth-update` makes of libpam-runtime's templates and of the one profile `unix`.

Other profiles that are on by default would have to be ordered and woven together: they are refused, not ignored.
"""

import re

from tools.archive.tar import Entry
from tools.oci.model.installed import Installed

_PROFILES = "usr/share/pam-configs/"
_UNIX = "usr/share/pam-configs/unix"
_TEMPLATES = "usr/share/pam/common-"
_PERMIT = "[default=1]\t\t\tpam_permit.so"
_STACKS = {
    "account": ("account", "Account"),
    "auth": ("auth", "Auth"),
    "password": ("password", "Password"),
    "session": ("session", "Session"),
    "session-noninteractive": ("session_nonint", "Session"),
}


class PamError(ValueError):
    """A profile is on by default that this module does not know."""


def files(installed: Installed) -> list[Entry]:
    """Returns the common stacks and pam-auth-update's memory of them; nothing without libpam-runtime.

    Raises:
        PamError: see there.
    """
    if not installed.has("libpam-runtime"):
        return []
    profiles = sorted(path for path in installed.contents if path.startswith(_PROFILES))
    for path in profiles:
        if path != _UNIX and re.search(r"^Default: yes$", installed.text(path), re.MULTILINE):
            raise PamError(f"/{path} is on by default")
    unix = installed.text(_UNIX)
    entries = []
    for stack, (variable, kind) in _STACKS.items():
        primary = re.search(rf"^{kind}-Type: Primary$", unix, re.MULTILINE) is not None
        rule = _rule(unix, f"{kind}-Initial")
        blocks = {"primary": [rule], "additional": []} if primary else {"primary": [_PERMIT], "additional": [rule]}
        management = stack.partition("-")[0]
        text = installed.text(_TEMPLATES + stack)
        for block, rules in blocks.items():
            lines = "".join(f"{management}\t{_resolved(line)}\n" for line in rules)
            text = text.replace(f"${variable}_{block}\n", lines)
        entries.append(Entry(f"etc/pam.d/common-{stack}", data=text.encode()))
        memory = [("unix", rule)] if primary else [("null", _PERMIT), ("unix", rule)]
        entries.append(Entry(f"var/lib/pam/{stack}", data="".join(f"Module: {m}\n{r}\n" for m, r in memory).encode()))
    seen = "".join(f"{path.removeprefix(_PROFILES)}\n" for path in profiles)
    return [
        *entries,
        Entry("var/lib/pam/seen", data=seen.encode()),
        Entry("etc/security/opasswd", mode=0o600),
        Entry("etc/environment"),
    ]


def _resolved(rule: str) -> str:
    """Returns a rule as pam-auth-update writes it: jumps counted, and a space after the module even where no option follows."""
    counted = rule.replace("success=end", "success=1")
    return f"{counted} " if counted.endswith("pam_unix.so") else counted


def _rule(profile: str, field: str) -> str:
    match = re.search(rf"^{field}:\n\t(.+)$", profile, re.MULTILINE)
    if match is None:
        raise PamError(f"/{_UNIX} has no {field}")
    return match[1]
