#!/bin/sh
# The facts of this checkout that a version is made of, for Bazel's stable-status.txt; viberun/build.py reads them.
# STABLE_ keys only, and no wall clock, user or host name: the same commit gives the same lines anywhere.
set -eu

# Asking changes nothing, the index included, whatever the user's own settings are.
export GIT_OPTIONAL_LOCKS=0

# A source tree without .git may lie inside another repository: that one's commit is not ours.
if [ -e .git ]; then
    git rev-parse --git-dir >/dev/null # fails, and says why, where git does not trust the folder
    commit=$(git rev-parse --verify --quiet HEAD) || commit=''
else
    commit=''
fi
if [ -z "$commit" ]; then
    state=none timestamp=0 tags=''
else
    # Along first parents from the root: max(own committer time, parent's + 1 s), so it rises with every commit.
    timestamp=$(git log --no-show-signature --first-parent --reverse --format=%ct HEAD | {
        rising=0
        while read -r own; do
            rising=$((own > rising + 1 ? own : rising + 1))
        done
        echo "$rising"
    })
    tags=$(git tag --points-at HEAD | tr '\n' ' ')
    if [ -n "$(git status --porcelain --untracked-files=normal --ignore-submodules=none | head -n 1)" ]; then
        state=dirty
    elif [ "$(git rev-parse --is-shallow-repository)" = true ]; then
        state=shallow
    else
        state=clean
    fi
fi

repository=${GITHUB_REPOSITORY:-}
if [ -z "$repository" ] && [ -n "$commit" ]; then
    repository=$(git config --get remote.origin.url 2>/dev/null |
        sed -n 's#^\(https://\|ssh://git@\|git@\)\([^/@]*@\)\{0,1\}github\.com[:/]\([^/]*/[^/]*\)$#\3#p' | sed 's#\.git$##') || repository=''
fi

# The tree that a commit of all that is here would have, for tests that read the checkout itself; made in an index and a
# store of objects apart, since asking changes nothing.
tree=''
if [ -n "$commit" ]; then
    apart=$(mktemp -d)
    trap 'rm -rf "$apart"' EXIT
    cp "$(git rev-parse --git-path index)" "$apart/index" 2>/dev/null || git read-tree --index-output="$apart/index" HEAD
    objects=$(git rev-parse --path-format=absolute --git-path objects)
    tree=$(
        export GIT_INDEX_FILE="$apart/index" GIT_OBJECT_DIRECTORY="$apart" GIT_ALTERNATE_OBJECT_DIRECTORIES="$objects"
        git -c core.safecrlf=false add --all
        git write-tree
    )
fi

# The last line has a value always: Bazel drops a key whose empty value ends the output.
echo "STABLE_VIBERUN_COMMIT $commit"
echo "STABLE_VIBERUN_REPOSITORY $repository"
echo "STABLE_VIBERUN_TAGS ${tags% }"
echo "STABLE_VIBERUN_TIMESTAMP $timestamp"
echo "STABLE_VIBERUN_TREE $tree"
echo "STABLE_VIBERUN_STATE $state"
