"""Writes what base-files, libc-bin, readline-common, debianutils and tzdata put in place when they are configured."""

from tools.archive.tar import Entry, directory
from tools.oci.model.installed import Installed

_UTMP_GID = 43
_MAIL_GID = 8

# Source below /usr/share, and where its maintainer script copies it.
_COPIES = {
    "base-files/dot.bashrc": "root/.bashrc",
    "base-files/dot.profile": "root/.profile",
    "base-files/info.dir": "usr/share/info/dir",
    "base-files/motd": "etc/motd",
    "base-files/profile": "etc/profile",
    "libc-bin/nsswitch.conf": "etc/nsswitch.conf",
    "readline/inputrc": "etc/inputrc",
}
_FOLDERS = ("etc/opt", "media", "mnt", "opt", "srv", "var/opt", "usr/local")
_LOCAL_FOLDERS = ("bin", "etc", "games", "include", "lib", "libexec", "sbin", "share", "share/man", "src")


def files(installed: Installed) -> list[Entry]:
    """Returns what those maintainer scripts create, of the packages that are there."""
    entries = [
        Entry(target, data=installed.contents[f"usr/share/{source}"])
        for source, target in _COPIES.items()
        if f"usr/share/{source}" in installed.contents
    ]
    if installed.has("base-files"):
        entries += _base()
    if installed.has("debianutils"):
        entries += _shells(installed)
    if installed.has("tzdata"):
        entries.append(_link("etc/localtime", "/usr/share/zoneinfo/Etc/UTC"))
    return entries


def _base() -> list[Entry]:
    return [
        *(directory(path) for path in _FOLDERS),
        *(directory(f"usr/local/{path}") for path in _LOCAL_FOLDERS),
        _link("usr/local/man", "share/man"),
        _link("etc/dpkg/origins/default", "debian"),
        Entry("run/lock", "directory", 0o1777),
        Entry("var/mail", "directory", 0o2775, gid=_MAIL_GID),
        _link("var/spool/mail", "../mail"),
        Entry("var/log/btmp", mode=0o660, gid=_UTMP_GID),
        Entry("var/log/lastlog", mode=0o664, gid=_UTMP_GID),
        Entry("var/log/wtmp", mode=0o664, gid=_UTMP_GID),
    ]


def _shells(installed: Installed) -> list[Entry]:
    """Returns what `update-shells` makes of debianutils' list and of the packages' own."""
    source = "usr/share/debianutils/"
    shells: dict[str, None] = {}
    lists = sorted(path for path in installed.contents if path.startswith(f"{source}shells.d/"))
    for path in [f"{source}shells", *lists]:
        for line in installed.text(path).splitlines():
            shell = line.partition("#")[0]
            if shell:
                shells |= {shell: None, f"/usr/{shell.removeprefix('/usr/')}".replace("//", "/"): None}
    text = "".join(f"{shell}\n" for shell in shells)
    return [
        Entry("etc/shells", data=f"# /etc/shells: valid login shells\n{text}".encode()),
        Entry("var/lib/shells.state", data=text.encode()),
    ]


def _link(path: str, target: str) -> Entry:
    return Entry(path, "symlink", 0o777, link=target)
