"""Tests: pytest under the pinned interpreter, in Bazel's sandbox, or outside of it where `tags` has `local`."""

load("//tools:single_file.bzl", "single_file")
load("//tools/python/private:providers.bzl", "PythonInfo", "TestPathsInfo", "collect_python")
load("//tools/python/private:runfiles.bzl", "runfiles_path")
load("//tools/python/private:stub.bzl", "write_stub")
load("//tools/python/private:toolchain.bzl", "RUNTIME")

visibility("//tools/python/...")

# Tests outside of the sandbox start what root uses of the system.
_LOCAL_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

def _paths(ctx):
    """Returns environment variables and the runfiles that their values name."""
    paths = {}
    for target in ctx.attr.data:
        if TestPathsInfo in target:
            paths.update(target[TestPathsInfo].paths)
    for name, target in ctx.attr.paths.items():
        paths[name] = runfiles_path(ctx, single_file(target))
    return paths

def _python_test_impl(ctx):
    local = "local" in ctx.attr.tags
    data = ctx.attr.data + ctx.attr.paths.values()
    files = ctx.files.srcs + ctx.files.data + (ctx.files._machine if local else []) + [single_file(target) for target in ctx.attr.paths.values()]
    python = collect_python(files, [ctx.workspace_name], ctx.attr.deps + [ctx.attr._runner])
    arguments = ["--root=" + ctx.workspace_name]
    arguments += ["--local"] if local else []
    arguments += ["--path={}={}".format(name, path) for name, path in sorted(_paths(ctx).items())]
    arguments += [runfiles_path(ctx, file) for file in ctx.files.srcs] + ["--"]
    environment = {"PATH": _LOCAL_PATH} if local and "PATH" not in ctx.attr.inherited_environment else {}
    return [
        write_stub(ctx, python, "tools.python.run_pytest", arguments, data),
        coverage_common.instrumented_files_info(ctx, dependency_attributes = ["deps", "_runner"]),
        RunEnvironmentInfo(
            environment = environment,
            inherited_environment = ctx.attr.inherited_environment,
        ),
    ]

python_test = rule(
    implementation = _python_test_impl,
    doc = "Runs test files with pytest; files in which nothing is collected fail.",
    test = True,
    attrs = {
        "srcs": attr.label_list(doc = "Test files.", allow_files = [".py"], mandatory = True),
        "deps": attr.label_list(doc = "What the tests import, conftest.py above all.", providers = [PythonInfo]),
        "data": attr.label_list(doc = "Files that the tests read, found below RUNFILES_DIR.", allow_files = True),
        "inherited_environment": attr.string_list(doc = "Variables that are as whoever runs the test has them, and so part of its key."),
        "paths": attr.string_keyed_label_dict(doc = "What the tests are given, each by the variable that holds its absolute path.", allow_files = True),
        "_machine": attr.label(doc = "What tests outside of the sandbox use of the machine.", default = "//tests/machine", allow_files = True),
        "_runner": attr.label(default = "//tools/python:run_pytest", providers = [PythonInfo]),
    },
    toolchains = [RUNTIME],
)
