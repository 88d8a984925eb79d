"""A Python program: for `bazel run`, and as the tool of a python_action."""

load("//tools/python/private:providers.bzl", "PythonProgramInfo")
load("//tools/python/private:python_library.bzl", "PYTHON_SOURCES", "sources_and_imports")
load("//tools/python/private:stub.bzl", "write_stub")
load("//tools/python/private:toolchain.bzl", "RUNTIME")

visibility("//tools/python/...")

def _module(ctx):
    if ctx.attr.module:
        return ctx.attr.module
    if len(ctx.files.srcs) != 1:
        fail("{}: name the module to start; only of one source is it clear".format(ctx.label))
    return ctx.files.srcs[0].short_path.removesuffix(".py").replace("/", ".")

def _python_binary_impl(ctx):
    python, instrumented = sources_and_imports(ctx)
    module = _module(ctx)
    arguments = [ctx.expand_location(argument, ctx.attr.data) for argument in ctx.attr.arguments]
    return [
        python,
        instrumented,
        PythonProgramInfo(module = module),
        write_stub(ctx, python, module, arguments, ctx.attr.data),
    ]

python_binary = rule(
    implementation = _python_binary_impl,
    doc = "A module started as a program under the pinned interpreter; what a test imports it from as well.",
    executable = True,
    attrs = PYTHON_SOURCES | {
        "module": attr.string(doc = "Dotted name of the module with the `__main__` part; else the only source is that."),
        "arguments": attr.string_list(doc = "Arguments in front of the caller's; `$(rlocationpath //label)` is expanded."),
    },
    toolchains = [RUNTIME],
)
