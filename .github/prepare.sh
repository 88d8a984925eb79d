#!/bin/sh
# Makes a machine of Actions ready for ./bazelw: `prepare.sh [--built]`.
#
# Downloads lie where the workflows' caches are; with --built also what was built, of which no release is ever made.
set -eu

# Ubuntu 24.04 keeps the namespaces from everybody that the build's sandbox is made of; before, there is no such setting.
if [ -e /proc/sys/kernel/apparmor_restrict_unprivileged_userns ]; then
    sudo sysctl -q -w kernel.apparmor_restrict_unprivileged_userns=0
fi

{
    echo "common --repository_cache=$HOME/.cache/viberun-downloads"
    if [ "${1-}" = --built ]; then
        echo "common --disk_cache=$HOME/.cache/viberun-built"
        echo "common --experimental_disk_cache_gc_max_size=2G"
    fi
} >user.bazelrc
