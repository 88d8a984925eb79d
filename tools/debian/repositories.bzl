"""Debian packages of the lock: those of the images, a program of some, or any unpacked.

`//tools/oci/example` makes an image of `@debian_amd64//:media-types`, `//tests/checks` runs `@shellcheck`.
"""

load("//tools/debian/private:debian_packages.bzl", _debian_packages = "debian_packages")
load("//tools/debian/private:debian_program.bzl", _debian_program = "debian_program")
load("//tools/debian/private:lock.bzl", _read_lock = "read_lock", _unpack_packages = "unpack_packages")

debian_packages = _debian_packages
debian_program = _debian_program
read_lock = _read_lock
unpack_packages = _unpack_packages
