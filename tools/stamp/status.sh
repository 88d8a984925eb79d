#!/bin/sh
# The facts of this checkout that a version is made of, for Bazel's stable-status.txt; workspace_status.py reads them.
# STABLE_ keys only, and no wall clock, user or host name: the same commit gives the same lines anywhere.
set -eu

# Letters are those of ASCII, whatever the language.
export LC_ALL=C

# Asking changes nothing, the index included, whatever the user's own settings are. The commits are the repository's own, and
# nothing that this machine alone has counts in their place (replace refs, grafts, a commit-graph, a monitor of files).
export GIT_OPTIONAL_LOCKS=0 GIT_NO_REPLACE_OBJECTS=1 GIT_GRAFT_FILE=/dev/null/none
unset GIT_COMMON_DIR GIT_DIR GIT_INDEX_FILE GIT_OBJECT_DIRECTORY GIT_PREFIX GIT_SHALLOW_FILE GIT_WORK_TREE

ask() { git -c core.commitGraph=false -c core.fsmonitor=false "$@"; }

# The timestamp of a commit: its own committer time, or later, so that it is a second after its first parent's at least. It
# is after those of its other parents too, up to a day after its own time: so main never falls where it was merged into a
# branch by a clock that is slow, and a forged date on a branch moves it by a day at most. A time from the year 9000 on is
# none, as no version could follow on the last of 9999.
timestamp() {
    ask rev-list --topo-order --reverse --timestamp --parents "$1" | awk '
        {
            own = $1 < 221845392000 ? $1 + 0 : 0
            time = own
            for (i = 3; i <= NF; i++) {
                after = times["at " $i] + 1
                if (i > 3 && after > own + 86400) after = own + 86400
                if (after > time) time = after
            }
            times["at " $2] = time
        }
        END { printf "%.0f\n", time }'
}

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
    timestamp=$(timestamp "$commit")
    tags=$(ask tag --points-at "$commit" | tr '\n' ' ')
    # Of several, the one whose push is being released.
    case ${GITHUB_REF-} in refs/tags/*) case " $tags" in *" ${GITHUB_REF#refs/tags/} "*) tags=${GITHUB_REF#refs/tags/} ;; esac ;; esac
    if [ -n "$(ask status --porcelain --untracked-files=normal --ignore-submodules=none | head -n 1)" ]; then
        state=dirty
    elif ask ls-files -v | grep -q '^[a-zS]'; then
        state=dirty # git is told not to look at some files
    elif [ "$(git rev-parse --is-shallow-repository)" = true ]; then
        state=shallow
    else
        state=clean
    fi
fi

repository=${GITHUB_REPOSITORY:-}
if [ -z "$repository" ] && [ -n "$commit" ]; then
    repository=$(git config --get remote.origin.url 2>/dev/null |
        sed -n 's#^\(https://\|ssh://git@\|git@\)\([^/@]*@\)\{0,1\}github\.com[:/]\([A-Za-z0-9][A-Za-z0-9_-]*/[A-Za-z0-9._-]*\)$#\3#p' |
        sed -e 's#\.git$##' -e '\#/\.*$#d') || repository='' # what is no name of GitHub's is none
fi

# GitHub's number of it: in Actions it is there, elsewhere whoever builds for a release says it.
repository_id=${GITHUB_REPOSITORY_ID:-}

# Where its releases and images are: facts of the build, which no program asks of its surroundings.
github=${GITHUB_SERVER_URL:-https://github.com}
registry=${VIBERUN_OCI_REGISTRY:-ghcr.io}
case $registry in *[!a-z0-9.:-]*)
    echo 'VIBERUN_OCI_REGISTRY is not of the form host[:port]' >&2 # and not shown: there may be a login in it
    exit 1
    ;;
esac

# The tree that a commit of all that is here would have, for tests that read the checkout itself; made in an index and a
# store of objects apart, since asking changes nothing. Empty where git can't take all of it, and then those tests fail.
tree=''
if [ -n "$commit" ]; then
    apart=$(mktemp -d)
    trap 'rm -rf "$apart"' EXIT
    cp "$(git rev-parse --git-path index)" "$apart/index" 2>/dev/null || git read-tree --index-output="$apart/index" HEAD
    objects=$(git rev-parse --path-format=absolute --git-path objects)
    tree=$(
        export GIT_INDEX_FILE="$apart/index" GIT_OBJECT_DIRECTORY="$apart" GIT_ALTERNATE_OBJECT_DIRECTORIES="$objects"
        { git -c core.safecrlf=false add --all && git write-tree; } 2>/dev/null
    ) || tree=''
fi

# The last line has a value always: Bazel drops a key whose empty value ends the output.
echo "STABLE_VIBERUN_COMMIT $commit"
echo "STABLE_VIBERUN_GITHUB ${github%/}"
echo "STABLE_VIBERUN_REGISTRY $registry"
echo "STABLE_VIBERUN_REPOSITORY $repository"
echo "STABLE_VIBERUN_REPOSITORY_ID $repository_id"
echo "STABLE_VIBERUN_TAGS ${tags% }"
echo "STABLE_VIBERUN_TIMESTAMP $timestamp"
echo "STABLE_VIBERUN_TREE $tree"
echo "STABLE_VIBERUN_STATE $state"
