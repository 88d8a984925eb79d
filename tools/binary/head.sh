#!/bin/sh
# @NAME@ for linux-@ARCHITECTURE@: this script, then two archives, the program and the runtime (a Python with its own
# loader and libraries). Each is unpacked once, into a folder named by its digest. Of the machine nothing is used but a
# POSIX sh, tar, gzip and the ordinary utilities (neither /dev/null nor /proc); starting what is unpacked runs one, `ls`.
set -eu

name='@NAME@'
program='program-@PROGRAM_DIGEST@'
runtime='runtime-@RUNTIME_DIGEST@'
libraries='@LIBRARIES@'
loader='@LOADER@'
# In bytes: the whole file, where each archive begins (from 1 on) and how long it is.
size='@SIZE@'
program_start='@PROGRAM_START@' program_size='@PROGRAM_SIZE@'
runtime_start='@RUNTIME_START@' runtime_size='@RUNTIME_SIZE@'

main() {
    find_user
    choose_cache
    examine "$cache"
    if [ -z "$problem" ] && holds_both "$cache"; then start "$cache" cache "$@"; fi

    find_archives
    if fill "$cache"; then start "$cache" cache "$@"; fi
    start_privately "$@"
}

# Unpacks into a temporary folder that is removed in the end, since the cache has a `problem`.
start_privately() {
    reasons="${cache:-a cache}: $problem"
    for parent in "${TMPDIR-}" /tmp /var/tmp /dev/shm; do
        make_private "$parent" || continue
        if fill "$private"; then
            echo "$name: not using $reasons; unpacked into $private for this run" >&2
            start "$private" private "$@"
        fi
        rm -rf "$private"
        reasons="$reasons; $parent: $problem"
    done
    die "cannot be unpacked: $reasons. Set TMPDIR to a folder that programs can be run from."
}

die() {
    echo "$name: $1" >&2
    exit 126
}

# Sets `user` to the number of the effective user. /proc costs no process, unlike `id`.
find_user() {
    while read -r key _ user _; do
        if [ "$key" = Uid: ]; then return; fi
    done 2>&- </proc/self/status || :
    user=$(id -u)
}

# Sets `cache`. Root has a folder of its own, since sudo may keep another user's HOME.
choose_cache() {
    cache=
    case $user in
    0) cache=/var/cache/viberun ;;
    *) case ${XDG_CACHE_HOME-} in
        /*) cache=$XDG_CACHE_HOME/viberun ;;
        *) case ${HOME-} in /*) cache=$HOME/.cache/viberun ;; esac ;;
        esac ;;
    esac
}

# Sets `problem` to why nothing in the folder $1 may be executed; to nothing if it may be, or if there is no such folder.
examine() {
    problem=
    case $1 in
    '') problem='there is no home folder' ;;
    *[:\;\$]*) problem='the loader takes no path with a colon, semicolon or dollar' ;;
    esac
    [ -z "$problem" ] || return 0
    if [ -L "$1" ]; then
        problem='it is a link'
        return
    fi
    if ! [ -e "$1" ]; then return; fi
    folder=$1
    # Entered first: so the names are the same four words whatever the path, and nobody can swap the folder meanwhile.
    # shellcheck disable=SC2046 # a word a field
    set -- $(cd -P "$folder" 2>&- && LC_ALL=C exec ls -ldn . .. "$program" "$runtime" 2>&-)
    if [ $# -eq 0 ]; then problem='it cannot be entered'; fi
    while [ $# -gt 3 ]; do
        mode=$1 owner=$3
        while [ $# -gt 1 ]; do
            case $1 in . | .. | "$program" | "$runtime") break ;; esac
            shift
        done
        judge "$1" "$mode" "$owner"
        shift
    done
}

# Sets `problem` if the entry $1 of mode $2 and owner $3 is not the user's alone. The folder above may be root's, and may
# be open to all where the sticky bit keeps others from renaming what is in it.
judge() {
    case $1:$3 in
    *:"$user" | ..:0) ;;
    .:*) problem='it belongs to another user' ;;
    ..:*) problem='it lies in the folder of another user' ;;
    *) problem="$1 in it belongs to another user" ;;
    esac
    case $1:$2 in
    ..:d???????w[!tT]*) problem='it lies in a folder that others can write to' ;;
    ..:* | *:d????-??-*) ;;
    .:*) problem='others can write to it' ;;
    *) problem="$1 in it is a link, or others can write to it" ;;
    esac
}

# Whether the folder $1 holds both parts. They come whole or not at all: this finds what was removed later, and a noexec
# mount (not under busybox, whose -x reads the mode alone).
holds_both() {
    [ -x "$1/$runtime/$loader" ] && [ -s "$1/$program/__main__.pyc" ]
}

# Becomes the program in the folder $1, a `cache` or `private` ($2). Emptying a part's stamp says that it is in use.
# A library preloaded by the environment is made for the machine's libc: left to the programs that this one starts.
start() {
    base=$1 kind=$2
    shift 2
    { true >"$base/$program/used" && true >"$base/$runtime/used"; } 2>&- || :
    if [ -n "${LD_PRELOAD-}" ]; then
        export VIBERUN_LD_PRELOAD="$LD_PRELOAD"
        unset LD_PRELOAD
    fi
    # Where a shell does not see what -x should have seen.
    if [ "$kind" = cache ]; then
        trap 'problem="nothing can be run from it" && find_archives && start_privately "$@"' EXIT
    fi
    exec "$base/$runtime/$loader" --argv0 "$base/$runtime/bin/python3" --library-path "$base/$runtime/$libraries" \
        "$base/$runtime/bin/python3.13" -I -S -B -X utf8 "$base/$program/__main__.pyc" '@ENTRY@' "$kind" "$0" "$@"
}

# Sets `self`, the path of this file. `sh NAME` reads ./NAME; some shells look along PATH after that.
find_archives() {
    for tool in gzip head mkdir mktemp mv tail tar wc; do
        [ -n "$(command -v "$tool")" ] || die "needs $tool, which is not installed here"
    done
    case $0 in
    */*) self=$0 ;;
    *) if [ -f "./$0" ]; then self=./$0; else self=$(command -v -- "$0") || self=$0; fi ;;
    esac
    found=0
    if [ -f "$self" ] && [ -r "$self" ]; then found=$(wc -c <"$self") || die "cannot run wc"; fi
    [ "$found" -eq "$size" ] || die "$self is damaged, or not this program's file: install it again"
}

# Makes `private`, a new folder in $1. The program has it removed when it ends; until then, this does.
make_private() {
    case $1 in /*) ;; *) return 1 ;; esac
    if ! private=$(umask 077 && mktemp -d "$1/viberun.XXXXXXXX" 2>&-); then
        reasons="$reasons; $1: no folder can be made in it"
        return 1
    fi
    trap 'rm -rf "$private"' EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
    examine "$private"
}

# Unpacks what the folder $1 lacks. False, with the reason in `problem`, where the folder is not to be used.
fill() {
    [ -z "$problem" ] || return 1
    status=0
    problem=$(unpack "$1" 2>&1) || status=$?
    case $status in
    0) examine "$1" ;;
    2) die "$self is damaged: install it again" ;;
    3) die "this is for linux-@ARCHITECTURE@ and does not start on this machine ($(uname -srm))" ;;
    *) case $problem in
        *'o space left on device'*) problem='no space left on device' ;; # not always tar's first word
        *) problem=${problem%%"
"*} problem=${problem:-it cannot be filled} ;;
        esac ;;
    esac
    [ -z "$problem" ]
}

# Run by `fill` in a process of its own; prints why it fails. Unpacks beside the final place and renames: whoever is
# killed meanwhile leaves the whole of a part or nothing of it, and of many at once the first wins.
unpack() {
    if [ "$user" = 0 ]; then umask 022; else umask 077; fi
    mkdir -p "${1%/*}" || return 1
    umask 077
    mkdir "$1" 2>&- || [ -d "$1" ] || mkdir "$1" || return 1
    for left in "$1"/.new.*; do
        # Its process is dead, or had the number of this one, as in containers.
        { [ "${left##*.}" != $$ ] && kill -0 "${left##*.}"; } 2>&- || rm -rf "$left" || :
    done
    new=$1/.new.$$
    trap 'rm -rf "$new"' EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
    trap 'exit 141' PIPE # nobody listens any more
    mkdir "$new" || return 1
    if printf '#!/bin/sh\n' >"$new/probe" && chmod 700 "$new/probe" && ! "$new/probe"; then
        echo 'no program can be run from it (mounted noexec?)'
        return 1
    fi 2>&-
    part "$1" "$program" __main__.pyc "$program_start" "$program_size" || return
    part "$1" "$runtime" "$loader" "$runtime_start" "$runtime_size"
}

# Puts the part $2 into the folder $1, unless its file $3 is there. Its archive is $5 bytes of this file, from byte $4 on.
# Fails with 2 if that is damaged, with 3 if the runtime does not run here, with 1 if it does not fit.
part() {
    if [ -s "$1/$2/$3" ]; then return; fi
    mkdir "$new/$2" || return 1
    if { cut_out "$4" "$5" | gzip -dc && true >"$new/whole"; } | tar -xomf - -C "$new/$2"; then
        [ -e "$new/whole" ] || return 2
    else
        cut_out "$4" "$5" | gzip -dc | tar -tf - >&2 || return 2
        return 1
    fi
    true >"$new/$2/used" || return 1
    rm "$new/whole"
    case $2 in "$runtime") "$new/$2/$loader" --verify "$new/$2/bin/python3.13" >&- 2>&- || return 3 ;; esac
    # Renamed onto a folder with content it fails: then that is another process's, or was broken later.
    mv -f "$new/$2" "$1/" 2>&- || [ -s "$1/$2/$3" ] || { mv -f "$1/$2" "$new/broken" && mv -f "$new/$2" "$1/"; }
}

cut_out() {
    tail -c "+$1" "$self" 2>&- | head -c "$2"
}

main "$@" # never comes back
