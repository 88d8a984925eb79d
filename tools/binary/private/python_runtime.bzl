"""The runtime part of a self-contained binary."""

load("//tools/python:defs.bzl", "PYTHON_EXEC_GROUPS", "python_action", "python_tool")

visibility("//tools/binary/...")

PythonRuntimeInfo = provider(
    doc = "A packed interpreter.",
    fields = {
        "architecture": "amd64 or arm64.",
        "archive": "The .tar.gz.",
        "description": "JSON: its architecture, its digest, where its loader and libraries are.",
    },
)

def _python_runtime_impl(ctx):
    archive = ctx.actions.declare_file(ctx.label.name + ".tar.gz")
    description = ctx.actions.declare_file(ctx.label.name + ".json")
    python_action(
        ctx,
        manifest = {
            "architecture": ctx.attr.architecture,
            "archive": archive.path,
            "description": description.path,
            "files": [file.path for file in ctx.files.interpreter],
            "left_out": ctx.file.left_out.path,
        },
        inputs = ctx.files.interpreter + [ctx.file.left_out],
        outputs = [archive, description],
        mnemonic = "PythonRuntime",
        progress_message = "Packing the Python runtime %{label}",
    )
    return [
        DefaultInfo(files = depset([archive])),
        PythonRuntimeInfo(architecture = ctx.attr.architecture, archive = archive, description = description),
    ]

python_runtime = rule(
    implementation = _python_runtime_impl,
    doc = "Packs the pinned interpreter, its libraries and what is used of its standard library. Unstamped.",
    attrs = python_tool("//tools/binary:pack_runtime") | {
        "architecture": attr.string(doc = "amd64 or arm64.", values = ["amd64", "arm64"], mandatory = True),
        "interpreter": attr.label_list(doc = "Files of the interpreter for that architecture, and the licences.", allow_files = True, mandatory = True),
        "left_out": attr.label(doc = "JSON: the parts of the standard library to leave out, and why.", default = "//tools/binary:left_out.json", allow_single_file = [".json"]),
    },
    exec_groups = PYTHON_EXEC_GROUPS,
)
