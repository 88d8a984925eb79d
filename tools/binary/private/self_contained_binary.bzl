"""One file that runs on any Linux of its architecture."""

load("//tools/binary/private:compiled_program.bzl", "CompiledProgramInfo")
load("//tools/binary/private:python_runtime.bzl", "PythonRuntimeInfo")
load("//tools/python:defs.bzl", "PYTHON_EXEC_GROUPS", "python_action", "python_tool")
load("//tools/stamp:defs.bzl", "ProductInfo")

visibility("//tools/binary/...")

def _self_contained_binary_impl(ctx):
    compiled = ctx.attr.compiled[CompiledProgramInfo]
    runtime = ctx.attr.runtime[PythonRuntimeInfo]

    # In a folder of its own: the file has the program's name.
    output = ctx.actions.declare_file("{}/{}".format(ctx.label.name, ctx.attr.program))
    inputs = [ctx.file._head, ctx.file.version, compiled.archive, runtime.archive, runtime.description] + ctx.files.trusted_root
    python_action(
        ctx,
        manifest = {
            "compiled": compiled.archive.path,
            "description": runtime.description.path,
            "entry": compiled.entry,
            "files": {"viberun/version.json": ctx.file.version.path} | {
                "viberun/trusted_root.json": file.path
                for file in ctx.files.trusted_root
            },
            "head": ctx.file._head.path,
            "output": output.path,
            "program": ctx.attr.program,
            "runtime": runtime.archive.path,
        },
        inputs = inputs,
        outputs = [output],
        mnemonic = "SelfContainedBinary",
        progress_message = "Joining program and runtime into %{output}",
    )
    return [
        DefaultInfo(files = depset([output])),
        ProductInfo(file = output, platforms = ["linux-" + runtime.architecture], version = ctx.file.version),
    ]

self_contained_binary = rule(
    implementation = _self_contained_binary_impl,
    doc = "Joins a shell head, a compiled program with its version, and a runtime. The one stamped step.",
    attrs = python_tool("//tools/binary:pack_binary") | {
        "compiled": attr.label(doc = "The compiled program.", providers = [CompiledProgramInfo], mandatory = True),
        "program": attr.string(doc = "Name of the file, which its messages begin with.", mandatory = True),
        "runtime": attr.label(doc = "The runtime of the architecture to run on.", providers = [PythonRuntimeInfo], mandatory = True),
        "trusted_root": attr.label(doc = "Whose signatures the program takes: Sigstore's trusted_root.json; none in one that verifies nothing.", allow_single_file = [".json"]),
        "version": attr.label(doc = "The version.json to put in.", allow_single_file = [".json"], mandatory = True),
        "_head": attr.label(default = "//tools/binary:head.sh", allow_single_file = True),
    },
    exec_groups = PYTHON_EXEC_GROUPS,
)
