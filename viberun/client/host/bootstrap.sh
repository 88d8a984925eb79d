#!/bin/sh
# What viberun does on a host before its server is there: look, install Docker, put the server in place, note that down.
# Comes over SSH on standard input and is run as `sh -s -- STEP [ARGUMENT]...`. Only functions before the last line, so
# that a stream that is cut runs nothing. Answers are the lines on standard output that begin with `viberun `; the word
# `failed` and a code come before the first thing that went wrong.
set -eu
umask 077

folder=/usr/local/bin
server=$folder/viberun-server
state=/var/lib/viberun
installing=$state/installing # is there from before Docker's packages come until they are whole
staging=

say() {
  printf 'viberun %s\n' "$*"
}

fail() { # CODE DETAIL...
  say "failed $*"
  exit 1
}

# --- look: as whoever logs in, changes nothing

look() {
  say "system $(uname -s)"
  say "machine $(uname -m)"
  # shellcheck source=/dev/null
  [ ! -r /etc/os-release ] || say "distribution $(. /etc/os-release && printf '%s %s,%s' "${ID:-unknown}" "${VERSION_ID:-}" "${ID_LIKE:-}")"
  say "user $(id -un 2>/dev/null || id -u)"
  if [ "$(id -u)" = 0 ]; then
    say root direct
    look_as_root
  elif ! command -v sudo >/dev/null 2>&1; then
    say root missing
  elif sudo -n true 2>/dev/null; then
    say root sudo
    look_as_root sudo -n
  else
    say root refused
  fi
  say "engine $(engine)"
  say "free $(free_kb "$folder") $(free_kb /var/lib/docker)"
}

look_as_root() { # [sudo -n]
  if "$@" test -e "$server"; then
    say "server $("$@" timeout 60 "$server" version --json 2>/dev/null | head -c 4096 | tr -c '[:print:]' ' ')"
  else
    say absent
  fi
}

engine() {
  if [ -S /var/run/docker.sock ] || command -v dockerd >/dev/null 2>&1; then
    echo present
  else
    echo absent
  fi
}

free_kb() { # FOLDER: what is free where it is, or would be
  at=$1
  while [ ! -d "$at" ]; do
    at=$(dirname "$at")
  done
  df -Pk "$at" 2>/dev/null | {
    read -r _ || true
    read -r _ _ _ kb _ || true
    echo "${kb:-unknown}"
  }
}

# --- docker: from the host's own packages where there is none

docker() {
  if [ "$(engine)" = absent ] || unfinished; then
    command -v apt-get >/dev/null 2>&1 || fail packages "there is no apt-get"
    say "doing installing Docker from this host's packages"
    export DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l
    log=$(mktemp)
    make_state
    : >"$installing"
    sync "$installing" 2>/dev/null || sync
    # What an installation that was interrupted left behind: not yet set up, or to be unpacked again.
    dpkg --configure -a >"$log" 2>&1 || true
    apt -q update >>"$log" 2>&1 || true
    again=$(dpkg-query --show --showformat '${db:Status-Eflag} ${Package}\n' 2>/dev/null | sed -n 's/^reinstreq //p')
    # shellcheck disable=SC2086 # a list
    [ -z "$again" ] || apt -q -y --no-install-recommends --reinstall install $again >>"$log" 2>&1 || true
    if ! apt -q -y --no-install-recommends install docker.io apparmor ca-certificates iptables >>"$log" 2>&1; then
      reason=$(grep -m 1 '^E: ' "$log" || tail -n 1 "$log")
      rm -f "$log"
      has_space || fail disk "$reason"
      fail packages "$reason"
    fi
    rm -f "$log" "$installing"
  fi
  runs || start_docker
  say "done docker"
}

# Whether an installation was interrupted when the programs were there: Docker's own package is not yet set up, or what came
# with it may not be.
unfinished() {
  case $(dpkg-query --show --showformat '${db:Status-Status}' docker.io 2>/dev/null) in
  unpacked | half-* | triggers-*) ;;
  installed) [ -e "$installing" ] ;;
  *) return 1 ;;
  esac
}

apt() {
  apt-get -o DPkg::Lock::Timeout=120 -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 "$@"
}

# A daemon that was killed leaves its socket and the file with its number behind.
runs() {
  [ -S /var/run/docker.sock ] || return 1
  [ ! -r /var/run/docker.pid ] || kill -0 "$(cat /var/run/docker.pid)" 2>/dev/null
}

start_docker() {
  say "doing starting Docker"
  if [ -d /run/systemd/system ]; then
    systemctl enable --now docker >/dev/null 2>&1 || true
  elif command -v service >/dev/null 2>&1; then
    rm -f /var/run/docker.sock
    service docker start >/dev/null 2>&1 || true
  fi
  tries=60
  while ! runs; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || fail engine "Docker is installed but does not start"
    sleep 0.5
  done
}

# --- stage, install: the server, from an address or from what came over SSH

stage() { # TOKEN
  mkdir -p "$folder"
  tidy
  staging=$folder/.viberun-new-$1
  [ -d "$staging" ] || mkdir -m 700 "$staging" 2>/dev/null || {
    has_space || fail disk "$folder"
    fail folder "$folder can't be written"
  }
  staging=
  say "staged $folder/.viberun-new-$1/server.tar.gz"
}

install() { # TOKEN SIZE SHA256 [URL]
  staging=$folder/.viberun-new-$1
  archive=$staging/server.tar.gz
  [ -d "$staging" ] || fail folder "$staging is gone"
  [ $# -lt 4 ] || download "$4" "$2"
  found=$(size "$archive")
  if [ "$found" != "$2" ]; then
    has_space || fail disk "$folder"
    fail mismatch "$found bytes instead of $2"
  fi
  found=$(sha256sum "$archive" | cut -d ' ' -f 1)
  [ "$found" = "$3" ] || fail mismatch "sha256 $found instead of $3"
  if ! tar -xzf "$archive" -C "$staging" --no-same-owner viberun-server 2>"$staging/log"; then
    has_space || fail disk "$folder"
    fail unpack "$(last_line "$staging/log")"
  fi
  rm -f "$archive"
  chmod 755 "$staging/viberun-server"
  say "doing checking the new server"
  check "$staging/viberun-server" || fail check "$(last_line "$staging/log")"
  put_in_place
}

download() { # URL SIZE
  if command -v curl >/dev/null 2>&1; then
    # From https never to http. The others can't be told so; what arrives is held against its sha256 either way.
    case $1 in https:*) protocols='=https' ;; *) protocols='=http,https' ;; esac
    set -- "$@" curl -fsSL --proto "$protocols" --connect-timeout 15 --speed-limit 1 --speed-time 30 \
      --max-time 1800 --retry 2 --max-filesize "$2" -o "$archive" "$1"
  elif command -v wget >/dev/null 2>&1; then
    set -- "$@" wget -q --tries=3 --timeout=20 -O "$archive" "$1"
  elif command -v python3 >/dev/null 2>&1; then
    set -- "$@" python3 -c 'import shutil, sys, urllib.request as request
with request.urlopen(sys.argv[1], timeout=20) as source, open(sys.argv[2], "wb") as out:
    shutil.copyfileobj(source, out)' "$1" "$archive"
  else
    fail download "it has no curl, wget or python3"
  fi
  shift 2
  "$@" 2>"$staging/log" &
  fetcher=$!
  while kill -0 "$fetcher" 2>/dev/null; do
    say "bytes $(size "$archive")"
    sleep 0.2
  done
  if ! wait "$fetcher"; then
    fetcher=
    has_space || fail disk "$folder"
    fail download "$(last_line "$staging/log")"
  fi
  fetcher=
}

# In one step and under the server's own lock: the one before is kept, and comes back if the new one fails in its place.
put_in_place() {
  hold_lock
  if cmp -s "$staging/viberun-server" "$server"; then
    say "done same"
    return
  fi
  [ ! -d "$server" ] || fail folder "$server is a folder"
  sync "$staging/viberun-server" 2>/dev/null || sync
  had=no
  if [ -e "$server" ] || [ -L "$server" ]; then
    had=yes
    ln "$server" "$staging/before" 2>/dev/null || cp -pP "$server" "$staging/before"
    mv -fT "$staging/before" "$server.previous"
  fi
  mv -fT "$staging/viberun-server" "$server"
  if ! check "$server"; then
    reason=$(last_line "$staging/log")
    if [ "$had" = yes ]; then
      cp -pP "$server.previous" "$staging/before"
      mv -fT "$staging/before" "$server"
    else
      rm -f "$server"
    fi
    fail check "$reason"
  fi
  say "done new"
}

check() { # PROGRAM
  timeout 120 "$1" self-check --json >"$staging/answer" 2>"$staging/log" 9>&- || return 1
  say "checked $(head -c 4096 "$staging/answer" | tr -c '[:print:]' ' ')"
}

# --- record: what setup has done, for people and for the next setup

record() { # VERSION CHANNEL SHA256 RESULT [NAME REF DIGEST]...
  tidy
  hold_lock
  {
    printf '{"version": "%s", "channel": "%s", "server_sha256": "%s", "images": {' "$1" "$2" "$3"
    result=$4
    comma=''
    shift 4
    while [ "$#" -gt 0 ]; do
      printf '%s"%s": {"ref": "%s", "digest": "%s"}' "$comma" "$1" "$2" "$3"
      comma=', '
      shift 3
    done
    printf '}, "images_result": "%s", "at": "%s"}\n' "$result" "$(date -u +%Y-%m-%dT%H:%M:%SZ)"
  } >"$state/setup.json.$$"
  sync "$state/setup.json.$$" 2>/dev/null || sync
  mv -f "$state/setup.json.$$" "$state/setup.json"
  say "done recorded"
}

# --- what the steps share

make_state() {
  [ -d "$state" ] || mkdir -m 700 "$state" 2>/dev/null || [ -d "$state" ]
}

hold_lock() {
  make_state
  command -v flock >/dev/null 2>&1 || return 0
  exec 9>>"$state/lock"
  flock -n 9 || {
    say "doing waiting for another viberun on this host"
    flock -w 300 9 || fail lock "another viberun works on this host"
  }
}

# What earlier runs that were killed left; not what another that goes on now is filling.
tidy() {
  find "$folder" -maxdepth 1 -name '.viberun-new-*' -mmin +30 -exec rm -rf {} +
}

size() { # FILE
  if [ -f "$1" ]; then wc -c <"$1" | tr -d ' '; else echo 0; fi
}

has_space() {
  free=$(free_kb "$folder")
  [ "$free" = unknown ] || [ "$free" -ge 1024 ]
}

last_line() { # FILE
  tail -n 1 "$1" 2>/dev/null | tr -c '[:print:]' ' '
}

fetcher=

clean_up() {
  [ -z "$fetcher" ] || kill "$fetcher" 2>/dev/null || true
  [ -z "$staging" ] || rm -rf "$staging"
}

main() {
  step=$1
  shift
  trap clean_up EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 141' PIPE
  trap 'exit 143' TERM
  case $step in
  look | docker | stage | install | record) "$step" "$@" ;;
  *) fail step "$step" ;;
  esac
}

main "$@" </dev/null
