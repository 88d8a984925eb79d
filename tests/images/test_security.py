"""Who may do what in an image, and what must not have got into it from where it was built."""

import fnmatch
import getpass
import re
import socket
from pathlib import Path

from tests.images.contents import Image

# Set user or group id, each with the reason why it stays.
PRIVILEGED = {
    # passwd, util-linux and PAM: they read or write account files for a user
    "usr/bin/chage": 0o2755,
    "usr/bin/chfn": 0o4755,
    "usr/bin/chsh": 0o4755,
    "usr/bin/expiry": 0o2755,
    "usr/bin/gpasswd": 0o4755,
    "usr/bin/newgrp": 0o4755,
    "usr/bin/passwd": 0o4755,
    "usr/bin/su": 0o4755,
    "usr/sbin/unix_chkpwd": 0o2755,
    # openssh: keeps other processes of the user from reading the agent's memory; signs with the host's key, which is not there
    "usr/bin/ssh-agent": 0o2755,
    "usr/lib/openssh/ssh-keysign": 0o4755,
}
_SECRETS = re.compile(rb"-----BEGIN (?:RSA |EC |OPENSSH |DSA )?PRIVATE KEY-----\n[A-Za-z0-9+/]{40}")


def test_only_the_listed_files_run_with_another_s_rights(image: Image) -> None:
    found = {p: e.mode for p, e in image.entries.items() if e.kind != "directory" and e.mode & 0o6000}
    assert found == {path: mode for path, mode in PRIVILEGED.items() if path in image.entries}


def test_nothing_but_links_and_sticky_folders_can_be_written_by_everyone(image: Image) -> None:
    writable = {
        path
        for path, entry in image.entries.items()
        if entry.kind != "symlink" and entry.mode & 0o002 and not (entry.kind == "directory" and entry.mode & 0o1000)
    }
    assert not writable


def test_the_default_user_is_not_root_and_known_to_the_image(image: Image) -> None:
    user = image.config["config"]["User"]
    (line,) = [line for line in image.content("etc/passwd").decode().splitlines() if line.startswith(f"{user}:")]
    assert line.split(":")[2] != "0"


def test_nobody_has_a_password(image: Image) -> None:
    passwords = {line.split(":")[1] for line in image.content("etc/shadow").decode().splitlines()}
    assert passwords <= {"*", "!"}


def test_no_private_key_is_in_it(image: Image) -> None:
    holding = [path for path, entry in image.entries.items() if _SECRETS.search(entry.data)]
    # GnuTLS's own test keys, which it checks itself with.
    assert [path for path in holding if not fnmatch.fnmatch(path, "usr/lib/*/libgnutls.so.30.*")] == []


def test_nothing_tells_where_it_was_built(image: Image) -> None:
    workspace = Path(__file__).resolve().parents[2]  # among the runfiles is a link to this file
    traces = {str(workspace), str(Path.home() / ".cache"), "/execroot/", "/sandbox/linux-sandbox/", "bazel-out/"}
    host = socket.gethostname()
    traces |= {host} if len(host) > 5 else set()
    traces |= {getpass.getuser()} - {"root"}
    found = [
        f"/{path} has {trace}"
        for path, entry in image.entries.items()
        for trace in traces
        if trace.encode() in bytes(entry.data)
    ]
    assert not found


def test_no_time_of_the_build_is_in_it(image: Image) -> None:
    """The day of a password's last change would be the day of the build."""
    assert all(line.split(":")[2] == "" for line in image.content("etc/shadow").decode().splitlines())
    assert image.config["created"] == image.config["config"]["Labels"]["org.opencontainers.image.created"]
