"""The repository rule that makes the images' Debian packages targets."""

load("//tools/debian/private:lock.bzl", "download_packages", "fail_if_stale", "fail_if_undecided", "read_lock")

visibility("//tools/debian/...")

def _build_file(targets):
    """Filegroups from a dict of names to lists of labels."""
    return "\n".join(
        ['package(default_visibility = ["//visibility:public"])', ""] +
        ["filegroup(name = {}, srcs = {})".format(json.encode(name), json.encode(targets[name])) for name in sorted(targets)],
    ) + "\n"

def _debian_packages_impl(rctx):
    lock = read_lock(rctx, rctx.attr.lock)
    pins = lock.packages(rctx.attr.architecture)
    fail_if_stale(rctx, lock, json.decode(rctx.read(rctx.attr.suite))["requests"])
    fail_if_undecided(pins, json.decode(rctx.read(rctx.attr.ledger)))
    files = download_packages(rctx, pins, "debs")

    sets = {}
    for pin in pins:
        for name in pin["sets"]:
            if "." in name:  # of a layer; a set without closure may share packages with it
                sets.setdefault(name, []).append("//:" + pin["package"])
    rctx.file("BUILD.bazel", _build_file({package: [file] for package, file in files.items()}))
    rctx.file("sets/BUILD.bazel", _build_file(sets))

debian_packages = repository_rule(
    implementation = _debian_packages_impl,
    doc = """Every package that the images' layers resolve to, for one architecture.

`@<name>//:bash` is the .deb of a package, `@<name>//sets:app.base` those of a layer. Nothing is downloaded before one of them is
built. Fails when the lock does not answer the requests any more, and when a maintainer script awaits a decision.""",
    attrs = {
        "architecture": attr.string(doc = "amd64 or arm64.", mandatory = True),
        "ledger": attr.label(doc = "The decisions about maintainer scripts.", default = "//tools/debian:ledger.json"),
        "lock": attr.label(doc = "The lock of Debian packages.", default = "//tools/debian:trixie.lock.json"),
        "suite": attr.label(doc = "The file that lists the requests.", default = "//tools/debian:trixie.json"),
    },
)
