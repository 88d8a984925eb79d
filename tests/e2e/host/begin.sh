#!/bin/sh
# The first process of a machine: `unshare … sh begin.sh NAME ROOT LOWER UPPER WORK ENGINE`, as root, in namespaces of its
# own. Puts the file system together, makes it the root, says `ready`, and waits for the end of its standard input;
# with it everything ends that runs in the machine, and its mounts go.
set -eu
name=$1 root=$2 lower=$3 upper=$4 work=$5 engine=$6

mount -t overlay overlay -o "lowerdir=$lower,upperdir=$upper,workdir=$work" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount --rbind /sys/fs/cgroup "$root/sys/fs/cgroup"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for device in null zero full random urandom tty; do
    : >"$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
mkdir "$root/dev/pts" "$root/dev/shm" "$root/run/lock" "$root/run/sshd"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$root/dev/pts"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
for stream in 0:stdin 1:stdout 2:stderr; do
    ln -s "/proc/self/fd/${stream%:*}" "$root/dev/${stream#*:}"
done
# An overlay can't lie over an overlay, which is what an engine wants to do with its images.
for folder in docker containerd; do
    mkdir -p "$root/var/lib/$folder" "$engine/$folder"
    mount --bind "$engine/$folder" "$root/var/lib/$folder"
done

hostname "$name"
ip link set lo up
mkdir -p "$root/.outside"
cd "$root"
pivot_root . .outside
# A shell that waits also takes up what others leave behind.
exec chroot . /bin/sh -euc '
    umount -l /.outside
    rmdir /.outside
    exec 3<&0
    cat <&3 >/dev/null &
    echo ready
    wait "$!"
'
