"""What Bazel's own tools look for in `@remote_coverage_tools`, which Bazel would download without any lock."""

_TARGETS = ["coverage_report_generator", "lcov_merger"]

def _coverage_tools_impl(rctx):
    rctx.file("BUILD", "\n".join(['package(default_visibility = ["//visibility:public"])'] + [
        'alias(name = "{0}", actual = "@//tools/coverage:{0}")'.format(target)
        for target in _TARGETS
    ]) + "\n")

coverage_tools = repository_rule(
    implementation = _coverage_tools_impl,
    doc = "Aliases to the targets of //tools/coverage.",
)
