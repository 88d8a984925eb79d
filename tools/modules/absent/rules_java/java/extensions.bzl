"""Declares without any content what Bazel's own tools take from this module, so that `bazel mod` can show the graph."""

def _absent_impl(rctx):
    rctx.file("BUILD")

_absent = repository_rule(
    implementation = _absent_impl,
    doc = "An empty repository.",
)

def _toolchains_impl(mctx):
    _absent(name = "local_jdk")
    for suffix in ["", "_darwin_arm64", "_darwin_x86_64", "_linux", "_windows"]:
        _absent(name = "remote_java_tools" + suffix)
    return mctx.extension_metadata(reproducible = True)

toolchains = module_extension(
    implementation = _toolchains_impl,
    doc = "Of Java's tools.",
)
