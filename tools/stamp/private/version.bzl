"""The one rule that reads Bazel's workspace status."""

load("//tools/python:defs.bzl", "PYTHON_EXEC_GROUPS", "python_action", "python_tool")

visibility("//tools/stamp/...")

def _version_impl(ctx):
    out = ctx.actions.declare_file(ctx.label.name + "/version.json")
    python_action(
        ctx,
        manifest = {"channel": ctx.attr.channel, "status": ctx.info_file.path, "out": out.path},
        inputs = [ctx.info_file],
        outputs = [out],
        mnemonic = "Stamp",
        progress_message = "Stamping the %s version" % ctx.attr.channel,
    )
    return [DefaultInfo(files = depset([out]))]

version = rule(
    implementation = _version_impl,
    doc = "Writes version.json: this commit's version in every spelling, its commit, its time and its repository.",
    attrs = python_tool("//tools/stamp:write_version") | {
        "channel": attr.string(doc = "Whose version: dev (any commit) or prod (a commit tagged vX.Y.Z).", values = ["dev", "prod"], mandatory = True),
    },
    exec_groups = PYTHON_EXEC_GROUPS,
)
