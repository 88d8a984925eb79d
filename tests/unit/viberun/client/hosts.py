"""A host that is a folder: `ssh` is a program here that runs what it is given, with the paths of a host led there.

Its server is a shell script that a channel made here holds. What the host is like is in files that a test writes.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import socket
import stat
import tarfile
from dataclasses import dataclass, replace
from pathlib import Path

from tests.unit.viberun.installed import BUILD
from viberun.build import Build
from viberun.manifest import File, Image, Manifest
from viberun.version import Version

_SSH = r"""#!/bin/sh
root=@ROOT@
what=run options=
while [ $# -gt 0 ] && [ "$1" != -- ]; do
  options="$options $1"
  case $1 in
  -O) what=$2 ;;
  -M) what=open ;;
  -tt) what=attach ;;
  esac
  case $1 in -O | -o | -L) shift; options="$options $1" ;; esac
  case $1 in ControlPath=*) socket=${1#*=} ;; esac
  shift
done
shift
host=$1
shift
printf '%s|%s|%s\n' "$what" "$host" "$*" >>"$root/ssh.log"
printf '%s\n' "$options" >>"$root/options.log"
if [ -s "$root/refuses" ]; then cat "$root/refuses" >&2; exit 255; fi
[ "$what" != open ] || : >"$socket"
case $what in open | exit | forward | cancel) exit 0 ;; esac
here() {
  sed -e "s#/usr/local/bin#$root/bin#g" -e "s#/var/lib/viberun#$root/state#g" -e "s#/var/lib/docker#$root/docker#g" \
    -e "s#/var/run/docker.sock#$root/docker.sock#g" -e "s#/etc/os-release#$root/os-release#g"
}
command=$(printf '%s' "$*" | here)
PATH=$root/commands:$PATH
export PATH
[ ! -s "$root/noise" ] || cat "$root/noise"
case $command in
*'sh -s -- '*)
  if [ -s "$root/cut" ] && [ "$(cat "$root/cut")" = "$(echo "$command" | sed 's/.*-- //; s/ .*//')" ]; then
    here | head -c "$(cat "$root/cut-after")" | sh -c "$command"
    exit 255
  fi
  here | sh -c "$command" ;;
*) sh -c "$command" ;;
esac
"""

_SERVER = r"""#!/bin/sh
# A server for tests: VERSION is @VERSION@
root=${0%/*}/..
[ -d "$root/commands" ] || root=${0%/*}/../..
printf '%s|%s\n' "$(env | grep '^VIBERUN_' | sort | tr '\n' ' ')" "$*" >>"$root/calls.log"
[ ! -e "$root/answers/$1" ] || { . "$root/answers/$1"; exit; }
self='"version": "@VERSION@", "protocol": 1, "commit": "c"'
case "$1 ${2:-}" in
'version '*) echo "{$self}" ;;
'self-check '*) echo "{$self, \"docker\": {\"reachable\": true, \"version\": \"20.10.24\", \"problem\": null}}" ;;
'images pull')
  for name in viberun viberun-proxy; do
    echo "{\"image\": \"$name\", \"status\": \"pulling\", \"done\": 5, \"total\": 10}"
    digest=sha256:$(printf '%064d' 5)
    echo "{\"image\": \"$name\", \"status\": \"pulled\", \"ref\": \"ghcr.io/owner/name/$name:dev\"," \
      "\"digest\": \"$digest\", \"problem\": null}"
  done ;;
apps*|update-check*) . "$root/apps.sh" ;;
*) echo "viberun-server: no such command" >&2; exit 2 ;;
esac
"""

# What a server does with apps, each a file that holds its state.
_APPS = r"""
mkdir -p "$root/apps"
app() {
  echo "{\"name\": \"$1\", \"state\": \"$(cat "$root/apps/$1")\", \"image\": \"i:dev\", \"digest\": \"sha256:5\"," \
    "\"version\": null, \"port\": 20000, \"behind\": $([ -e "$root/behind" ] && echo true || echo false), \"created\": \"x\"}"
}
there() {
  [ -e "$root/apps/$1" ] && return
  echo "viberun-server: there is no app '$1'; see 'viberun-server apps list'" >&2
  exit 4
}
[ ! -e "$root/note" ] || [ "$1" != apps ] || cat "$root/note" >&2
while [ -e "$root/busy" ]; do sleep 0.1; done
case "$1 ${2:-}" in
'apps list')
  comma=
  printf '{"apps": ['
  for each in $(ls "$root/apps"); do
    printf '%s%s' "$comma" "$(app "$each")"
    comma=,
  done
  echo ']}' ;;
'apps create') echo running >"$root/apps/$3"; app "$3" ;;
'apps attach') there "$3"; echo "attached to $3" ;;
'apps logs') there "$3"; echo "first"; echo "$*" ;;
'apps update') there "$3"; rm -f "$root/behind"; app "$3" ;;
'apps rm')
  [ -e "$root/homes/$3" ] || there "$3"
  rm -f "$root/apps/$3" "$root/homes/$3"
  [ "${4:-}" != --keep-data ] || { mkdir -p "$root/homes"; touch "$root/homes/$3"; }
  echo '{"removed": true}' ;;
update-check*) echo '{"apps": [{"app": "demo", "behind": '"$([ -e "$root/behind" ] && echo true || echo false)"'}]}' ;;
esac
"""

_COMMANDS = {
    "uname": "case $1 in -s) cat @ROOT@/system ;; *) cat @ROOT@/machine ;; esac",
    "id": "cat @ROOT@/id$1",
    "sudo": '[ "$1" = -n ] || exit 9\nshift\n[ ! -e @ROOT@/no-sudo ] || { echo "sudo: a password is required" >&2; exit 1; }\n'
    'echo 0 >@ROOT@/id-u.root\nexec "$@"',
    "df": 'echo h\necho "d 1 1 $(cat @ROOT@/free) 1% /"',
    "dockerd": "exit 1",
    "systemctl": "exit 1",
    "service": "touch @ROOT@/started",
    "flock": "exit 0",
    "sync": "exit 0",
}


@dataclass(frozen=True)
class Host:
    """The folder of a host, and what a client on this machine is started with."""

    root: Path
    home: Path

    @property
    def environ(self) -> dict[str, str]:
        return {
            "HOME": str(self.home),
            "PATH": f"{self.root / 'client'}:{os.environ.get('PATH', '/usr/bin:/bin')}",
            "TMPDIR": str(self.home),
        }

    @property
    def server(self) -> Path:
        return self.root / "bin/viberun-server"

    def log(self, name: str = "ssh.log") -> list[str]:
        file = self.root / name
        return file.read_text().splitlines() if file.exists() else []

    def has(self, name: str, content: str) -> None:
        (self.root / name).parent.mkdir(exist_ok=True)
        (self.root / name).write_text(content)

    def lacks(self, command: str) -> None:
        (self.root / "commands" / command).unlink()

    def install(self, version: Version, script: str | None = None) -> None:
        """Puts a server there as if by an earlier setup."""
        self.server.write_text(script if script is not None else server_script(version))
        self.server.chmod(0o755)


def make_host(folder: Path) -> Host:
    """A Debian machine with Docker and without a server, where one logs in as a user who may use sudo."""
    root, home = folder / "host", folder / "home"
    for each in (root / "client", root / "commands", root / "bin", root / "answers", home):
        each.mkdir(parents=True)
    programs = {root / "client/ssh": _SSH}
    programs.update({root / "commands" / name: f"#!/bin/sh\n{text}\n" for name, text in _COMMANDS.items()})
    for path, text in programs.items():
        path.write_text(text.replace("@ROOT@", str(root)))
        path.chmod(0o755)
    host = Host(root, home)
    for name, content in {
        "apps.sh": _APPS,
        "system": "Linux\n",
        "machine": "x86_64\n",
        "id-u": "1000\n",
        "id-un": "me\n",
        "free": "9000000\n",
        "os-release": 'ID=debian\nVERSION_ID="12"\n',
    }.items():
        host.has(name, content)
    with socket.socket(socket.AF_UNIX) as sock:
        at = os.getcwd()
        os.chdir(root)  # the name of a socket is short
        try:
            sock.bind("docker.sock")
        finally:
            os.chdir(at)
    return host


def server_script(version: Version) -> str:
    return _SERVER.replace("@VERSION@", version.semver)


def archive(script: str, name: str = "viberun-server") -> bytes:
    """The .tar.gz that a release has of a server, or of a client."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as tar:
        info = tarfile.TarInfo(name)
        info.size, info.mode = len(script.encode()), 0o644 | stat.S_IXUSR
        tar.addfile(info, io.BytesIO(script.encode()))
    return gzip.compress(content.getvalue(), mtime=0)


def build_at(seconds: int) -> Build:
    """A dev build so many seconds after BUILD, of a commit of its own."""
    commit = f"{seconds + 1000:x}" * 40
    commit = commit[:40]
    version = Version.dev(1769344245 + seconds, commit, dirty=False)
    minute, second = divmod(45 + seconds, 60)
    return replace(BUILD, version=version, commit=commit, committed=f"2026-01-25T12:{30 + minute}:{second:02}Z")


def release(folder: Path, build: Build, script: str | None = None) -> Manifest:
    """Makes `folder` a channel that stands at `build`."""
    content = archive(script if script is not None else server_script(build.version))
    name = f"viberun-server-{build.version.oci}-linux-amd64.tar.gz"
    file = File(name, "server", "linux-amd64", len(content), hashlib.sha256(content).hexdigest())
    images = {
        image: Image(f"ghcr.io/owner/name/{image}:{build.version.moving}", f"sha256:{digit * 64}")
        for image, digit in (("viberun", "5"), ("viberun-proxy", "6"))
    }
    manifest = Manifest(build, "", (file,), images)
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(content)
    for each in ("channel.json", manifest.name):
        (folder / each).write_text(manifest.to_json())
    return manifest
