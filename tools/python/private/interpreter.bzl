"""The pinned interpreter: Debian's python3.13 with its own loader and libraries, unpacked from locked packages.

It runs every build action, it is the runtime inside the self-contained binaries, and wheels are downloaded with its pip.
Nothing of the host is used but /bin/sh, for the wrapper that starts it.
"""

load("//tools/debian:repositories.bzl", "read_lock", "unpack_packages")
load("//tools/platforms:platforms.bzl", "host_architecture")
load("//tools/python/private:bytecode.bzl", "compile_python")

visibility("//tools/python/...")

# Builtins only. --argv0 keeps sys.executable this script, so that children start through it as well; -B because
# -I forgets PYTHONDONTWRITEBYTECODE.
_WRAPPER = """#!/bin/sh
case $0 in /*) self=$0 ;; *) self=$PWD/$0 ;; esac
usr=${{self%/bin/*}}
exec "$usr/lib/{triplet}/{loader}" --argv0 "$self" --library-path "$usr/lib/{triplet}" "$usr/bin/python3.13" -B "$@"
"""

_BUILD = """package(default_visibility = ["//visibility:public"])

exports_files(["root/usr/bin/python3"])

filegroup(
    name = "files",
    srcs = glob(
        ["root/usr/bin/python3*", "root/usr/lib/python3.13/**", "root/usr/lib/{triplet}/**"],
        exclude = ["**/__pycache__/*.opt-*"],
    ),
)

# What the licences of the packages ask to travel with them.
filegroup(
    name = "licenses",
    srcs = glob(["root/usr/share/doc/*/copyright"]),
)

filegroup(
    name = "pip",
    srcs = glob(["root/usr/share/python-wheels/pip-*.whl"]),
)
"""

def _compile_standard_library(rctx):
    host = host_architecture(rctx.os)
    python = rctx.path("root/usr/bin/python3") if rctx.attr.architecture == host else rctx.path(Label("@python_{}//:root/usr/bin/python3".format(host)))
    root = rctx.path("root")
    compile_python(rctx, python, root, root.get_child("usr/lib/python3.13"))

def _python_interpreter_impl(rctx):
    pins = read_lock(rctx, rctx.attr.lock).packages(rctx.attr.architecture, "python")

    # Bazel can't run the program that renews the lock where it has no interpreter to run it with.
    unpacked = unpack_packages(rctx, pins, remedy = "python3 -m tools.debian.update")
    triplet = unpacked.libraries.split("/")[-1]
    rctx.file("root/usr/bin/python3", _WRAPPER.format(triplet = triplet, loader = unpacked.loader), executable = True)
    _compile_standard_library(rctx)
    rctx.file("BUILD.bazel", _BUILD.format(triplet = triplet))

python_interpreter = repository_rule(
    implementation = _python_interpreter_impl,
    doc = "An unpacked interpreter (`root/usr/bin/python3`) with all its files (`:files`).",
    attrs = {
        "architecture": attr.string(doc = "amd64 or arm64.", mandatory = True),
        "lock": attr.label(doc = "The lock of Debian packages.", default = "//tools/debian:trixie.lock.json"),
    },
    environ = ["DEBIAN_MIRROR"],
)
