"""A Python program: for `bazel run`, and as the tool of a python_action."""

load("//tools/python/private:launcher.bzl", "write_launcher")
load("//tools/python/private:providers.bzl", "PythonInfo", "PythonProgramInfo", "collect_python")
load("//tools/python/private:toolchain.bzl", "RUNTIME")

visibility("//tools/python/...")

def _python_binary_impl(ctx):
    python = collect_python(ctx.files.data, [], ctx.attr.deps)
    arguments = [ctx.expand_location(argument, ctx.attr.data) for argument in ctx.attr.arguments]
    return [
        PythonProgramInfo(module = ctx.attr.module, python = python),
        write_launcher(ctx, python, ctx.attr.module, arguments, ctx.attr.data),
    ]

python_binary = rule(
    implementation = _python_binary_impl,
    doc = "A module started as a program under the pinned interpreter.",
    executable = True,
    attrs = {
        "module": attr.string(doc = "Dotted name of the module with the `__main__` part.", mandatory = True),
        "deps": attr.label_list(doc = "Libraries that hold the module and what it imports.", providers = [PythonInfo]),
        "data": attr.label_list(doc = "Files read at run time, found below RUNFILES_DIR.", allow_files = True),
        "arguments": attr.string_list(doc = "Arguments in front of the caller's; `$(rlocationpath //label)` is expanded."),
    },
    toolchains = [RUNTIME],
)
