"""Every download of the build, each pinned by digest in a lock file: for MODULE.bazel and WORKSPACE alike."""

load("//tests/machine:machine.bzl", "machine")
load("//tools/coverage:coverage_tools.bzl", "coverage_tools")
load("//tools/debian:repositories.bzl", "debian_packages", "debian_program")
load("//tools/npm:repositories.bzl", "npm_packages")
load("//tools/platforms:platforms.bzl", "ARCHITECTURES")
load("//tools/python:repositories.bzl", "python_interpreter")
load("//tools/sources:sources.bzl", "sources")
load("//tools/wheels:repositories.bzl", "declare_wheels")

_WHEELS_LOCK = "//tools/wheels:requirements.lock"

def repositories(wheels_lock):
    """Declares all repositories; none is made before something of it is used.

    Args:
      wheels_lock: the text of tools/wheels/requirements.lock.
    """
    for architecture in ARCHITECTURES:
        python_interpreter(
            name = "python_" + architecture,
            architecture = architecture,
        )
        debian_packages(
            name = "debian_" + architecture,
            architecture = architecture,
        )
    declare_wheels("wheels", wheels_lock)
    for name, lock in {
        "buildifier": "//tests/checks:package-lock.json",
        "verdaccio": "//tests/release/servers:verdaccio/package-lock.json",
    }.items():
        npm_packages(
            name = name,
            lock = lock,
        )
    debian_program(
        name = "shellcheck",
        program = "shellcheck",
        request = "//tests/checks:shellcheck.json",
    )
    machine(name = "machine")
    sources(name = "sources")
    coverage_tools(name = "remote_coverage_tools")

def _pinned_impl(mctx):
    repositories(mctx.read(Label(_WHEELS_LOCK)))
    return mctx.extension_metadata(reproducible = True)

pinned = module_extension(
    implementation = _pinned_impl,
    doc = "All repositories, for MODULE.bazel.",
)

def _locks_impl(rctx):
    rctx.file("BUILD")
    rctx.file("locks.bzl", "WHEELS_LOCK = {}\n".format(json.encode(rctx.read(rctx.attr.wheels))))

locks = repository_rule(
    implementation = _locks_impl,
    doc = "The lock's text as a constant (`@<name>//:locks.bzl`), for WORKSPACE, which can read no file.",
    attrs = {"wheels": attr.label(doc = "The lock of wheels.", default = _WHEELS_LOCK)},
)
