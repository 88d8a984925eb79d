#!/bin/sh
# Builds a channel's release of this commit and packs it: `build.sh CHANNEL TAR`.
#
# Tars of equal folders are equal files, whoever made them and wherever.
set -eu

channel=$1
tar=$2

if [ "$channel" = prod ] && ! git merge-base --is-ancestor HEAD origin/main; then
    echo "::error::$(git rev-parse HEAD), which ${GITHUB_REF_NAME:-the tag} names, is not on main"
    exit 1
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
./bazelw run --config=hermetic "//release:$channel" -- --out "$work/release"
# A channel's folder is a link to where its content lies.
tar --create --file="$tar" --directory="$work/release/" --format=ustar --sort=name --mtime=@0 --owner=0 --group=0 \
    --numeric-owner --hard-dereference --mode='u=rwX,go=rX' --transform='s#^\.#release#' .

{
    sed -n 's/.*"version": "\([^"]*\)".*/version=\1/p' "$work/release/channel.json" | head -n 1
    printf 'images='
    grep -o '"ref": "[^"]*"' "$work/release/channel.json" | cut -d '"' -f 4 | tr '\n' ' '
    echo
} >>"$GITHUB_OUTPUT"
