"""A program of a Debian package, for tests and tools of this machine: `@<name>//:<program>`."""

load("//tools/debian/private:lock.bzl", "fail_if_stale", "read_lock", "unpack_packages")
load("//tools/platforms:platforms.bzl", "host_architecture")

visibility("//tools/debian/...")

# Builtins only.
_WRAPPER = """#!/bin/sh
case $0 in */*) here=${{0%/*}} ;; *) here=. ;; esac
exec "$here/{loader}" --argv0 "$0" --library-path "$here/{libraries}" "$here/root/usr/bin/{program}" "$@"
"""

def _debian_program_impl(rctx):
    lock = read_lock(rctx, Label("//tools/debian:trixie.lock.json"))
    fail_if_stale(rctx, lock, [rctx.attr.request.package + "/" + rctx.attr.request.name])
    unpacked = unpack_packages(rctx, lock.packages(host_architecture(rctx.os), rctx.attr.request.package.split("/")[-1]))
    rctx.file(rctx.attr.program, _WRAPPER.format(
        libraries = unpacked.libraries,
        loader = unpacked.libraries + "/" + unpacked.loader,
        program = rctx.attr.program,
    ))
    rctx.file("BUILD.bazel", """package(default_visibility = ["//visibility:public"])

exports_files(["{program}"])

filegroup(
    name = "files",
    srcs = glob(["{program}", "root/usr/bin/*", "{libraries}/*.so*"]),
)
""".format(libraries = unpacked.libraries, program = rctx.attr.program))

debian_program = repository_rule(
    implementation = _debian_program_impl,
    doc = "The program, started through the loader and with the libraries of its own packages; `:files` is all that it needs.",
    attrs = {
        "program": attr.string(doc = "Its name below /usr/bin.", mandatory = True),
        "request": attr.label(doc = "The packages, of which the lock has the pins: the program's and its libraries'.", mandatory = True),
    },
    environ = ["DEBIAN_MIRROR"],
)
