#!/bin/sh
# Releases the folder that two builders made: `publish.sh CHANNEL TAR TAR`; DRY_RUN, FORCE (`true`) and KEEP are options of
# //release:publish.
#
# Refuses unless both made the same, byte for byte. Says on the run's page what there is now, and what went wrong.
set -eu

channel=$1
ours=$2
theirs=$3
set -- --to remote
[ "${DRY_RUN-}" != true ] || set -- "$@" --dry-run
[ "${FORCE-}" != true ] || set -- "$@" --force
[ "$channel" = prod ] || [ -z "${KEEP-}" ] || set -- "$@" --keep "$KEEP"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

unpack() {
    mkdir "$work/$2"
    tar --extract --file="$1" --directory="$work/$2"
}

# Shows a text in a block of the run's page.
show() {
    {
        echo '```'
        cat "$1"
        echo '```'
    } >>"${GITHUB_STEP_SUMMARY:-/dev/stderr}"
}

unpack "$ours" one
if ! cmp -s "$ours" "$theirs"; then
    unpack "$theirs" other
    (cd "$work" && diff -rq one/release other/release) >"$work/different" || true
    echo "::error::the two builders of this commit made different folders, and nothing was released"
    cat "$work/different"
    show "$work/different"
    exit 3
fi

status=0
mkfifo "$work/errors.pipe"
tee "$work/errors" <"$work/errors.pipe" >&2 &
teeing=$!
./bazelw run --config=hermetic //release:publish -- --from "$work/one/release" "$@" >"$work/result" 2>"$work/errors.pipe" ||
    status=$?
wait "$teeing"
cat "$work/result"
show "$work/result"

# One annotation has all lines of an error, the first of which begins with the program's name.
awk '
    /^(release|publish): / { said = $0; next }
    said != "" && /^  / { said = said "%0A" $0; next }
    said != "" { print "::error::" said; said = "" }
    END { if (said != "") print "::error::" said }' "$work/errors"
sed -n 's/^warning: /::warning::/p' "$work/result"

[ "${DRY_RUN-}" != true ] || exit "$status"
# Where all four places stand, after a failure as well.
./bazelw run --config=hermetic //release:status -- --channel "$channel" >"$work/places" || true
cat "$work/places"
show "$work/places"
exit "$status"
