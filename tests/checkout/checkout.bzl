"""The whole checkout as an input: for tests that read it, not files that Bazel knows of."""

load("//tools/python:defs.bzl", "PYTHON_EXEC_GROUPS", "TestPathsInfo", "python_action", "python_tool", "runfiles_path")

def _checkout_impl(ctx):
    out = ctx.actions.declare_file(ctx.label.name + ".tree")
    python_action(
        ctx,
        manifest = {"out": out.path, "status": ctx.info_file.path},
        inputs = [ctx.info_file],
        outputs = [out],
        mnemonic = "CheckoutTree",
        progress_message = "Naming the content of the checkout",
    )
    return [
        DefaultInfo(files = depset([out]), runfiles = ctx.runfiles([ctx.file.bazelw])),
        TestPathsInfo(paths = {"VIBERUN_BAZELW": runfiles_path(ctx, ctx.file.bazelw)}),
    ]

checkout = rule(
    implementation = _checkout_impl,
    doc = """A file that differs where any file of the checkout does that is tracked, or would be.

A test with this in its `data` finds the checkout by VIBERUN_BAZELW, which outside of the sandbox is a link into it.""",
    attrs = python_tool("//tests/checkout:write_tree") | {
        "bazelw": attr.label(doc = "The program at the checkout's root.", default = "//:bazelw", allow_single_file = True),
    },
    exec_groups = PYTHON_EXEC_GROUPS,
)
