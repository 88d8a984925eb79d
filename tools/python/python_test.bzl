"""Tests: pytest under the pinned interpreter, in Bazel's sandbox."""

load("//tools/python:launcher.bzl", "write_launcher")
load("//tools/python:provider.bzl", "PythonInfo", "collect_python")
load("//tools/python:python_action.bzl", "PYTHON_ATTRS")

def _python_test_impl(ctx):
    python = collect_python(ctx.files.srcs + ctx.files.data, [ctx.workspace_name], ctx.attr.deps + [ctx.attr._runner])
    arguments = [file.short_path for file in ctx.files.srcs]
    return [
        write_launcher(ctx, python, "tools.python.run_pytest", arguments, ctx.attr.data),
        RunEnvironmentInfo(environment = {
            name: ctx.expand_location(value, ctx.attr.data)
            for name, value in ctx.attr.environment.items()
        }),
    ]

python_test = rule(
    implementation = _python_test_impl,
    doc = "Runs test files with pytest; a file in which nothing is collected fails.",
    test = True,
    attrs = PYTHON_ATTRS | {
        "srcs": attr.label_list(doc = "Test files.", allow_files = [".py"], mandatory = True),
        "deps": attr.label_list(doc = "What the tests import.", providers = [PythonInfo]),
        "data": attr.label_list(doc = "Files that the tests read, found below RUNFILES_DIR.", allow_files = True),
        "environment": attr.string_dict(doc = "Environment of the tests; `$(rlocationpath //label)` is expanded."),
        "_runner": attr.label(default = "//tools/python:run_pytest", providers = [PythonInfo]),
    },
)
