"""Declares without any content what Bazel's own tools take from this module, so that `bazel mod` can show the graph."""

def _absent_impl(rctx):
    rctx.file("BUILD")

_absent = repository_rule(
    implementation = _absent_impl,
    doc = "An empty repository.",
)

def _buildozer_binary_impl(mctx):
    _absent(name = "buildozer_binary")
    return mctx.extension_metadata(reproducible = True)

buildozer_binary = module_extension(
    implementation = _buildozer_binary_impl,
    doc = "Of the program by which `bazel mod tidy` would edit MODULE.bazel.",
)
