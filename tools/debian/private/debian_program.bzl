"""A program of a Debian package, for tests and tools of this machine: `@<name>//:<program>`."""

load("//tools/debian/private:lock.bzl", "download_packages", "fail_if_stale", "read_lock")
load("//tools/platforms:platforms.bzl", "host_architecture")

visibility("//tools/debian/...")

# Builtins only.
_LAUNCHER = """#!/bin/sh
case $0 in */*) here=${{0%/*}} ;; *) here=. ;; esac
exec "$here/{loader}" --argv0 "$0" --library-path "$here/{libraries}" "$here/root/usr/bin/{program}" "$@"
"""

def _debian_program_impl(rctx):
    lock = read_lock(rctx, Label("//tools/debian:trixie.lock.json"))
    fail_if_stale(rctx, lock, [rctx.attr.request.package + "/" + rctx.attr.request.name])
    architecture = host_architecture(rctx.os)
    for archive in download_packages(rctx, lock.packages(architecture, rctx.attr.request.package.split("/")[-1])).values():
        rctx.extract(archive, "deb")
        (data,) = [path for path in rctx.path("deb").readdir() if path.basename.startswith("data.tar")]
        rctx.extract(data, "root")
        rctx.delete("deb")
        rctx.delete(archive)
    libraries = "root/usr/lib/{}-linux-gnu".format(rctx.os.arch.replace("amd64", "x86_64"))
    (loader,) = [path.basename for path in rctx.path(libraries).readdir() if path.basename.startswith("ld-linux")]
    rctx.file(rctx.attr.program, _LAUNCHER.format(
        libraries = libraries,
        loader = libraries + "/" + loader,
        program = rctx.attr.program,
    ))
    rctx.file("BUILD.bazel", """package(default_visibility = ["//visibility:public"])

exports_files(["{program}"])

filegroup(
    name = "files",
    srcs = glob(["{program}", "root/usr/bin/*", "{libraries}/*.so*"]),
)
""".format(libraries = libraries, program = rctx.attr.program))

debian_program = repository_rule(
    implementation = _debian_program_impl,
    doc = "The program, started through the loader and with the libraries of its own packages; `:files` is all that it needs.",
    attrs = {
        "program": attr.string(doc = "Its name below /usr/bin.", mandatory = True),
        "request": attr.label(doc = "The packages, of which the lock has the pins: the program's and its libraries'.", mandatory = True),
    },
    environ = ["DEBIAN_MIRROR"],
)
