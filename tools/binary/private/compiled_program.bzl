"""The program part of a self-contained binary, but for its version."""

load("//tools/python:defs.bzl", "PYTHON_EXEC_GROUPS", "PythonInfo", "collect_python", "python_action", "python_tool")

visibility("//tools/binary/...")

CompiledProgramInfo = provider(
    doc = "A program's modules, compiled.",
    fields = {
        "archive": "The .tar, which lacks version.json.",
        "entry": "module:function that returns the exit status.",
    },
)

def _compiled_program_impl(ctx):
    archive = ctx.actions.declare_file(ctx.label.name + ".tar")
    python = collect_python([], [], ctx.attr.deps)
    files = python.files.to_list()
    python_action(
        ctx,
        manifest = {
            "files": [{"path": file.path, "short_path": file.short_path} for file in files],
            "output": archive.path,
            "roots": python.roots.to_list(),
            "start": ctx.file._start.path,
        },
        inputs = depset([ctx.file._start], transitive = [python.files]),
        outputs = [archive],
        mnemonic = "CompileProgram",
        progress_message = "Compiling the Python of %{label}",
    )
    return [
        DefaultInfo(files = depset([archive])),
        CompiledProgramInfo(archive = archive, entry = ctx.attr.entry),
    ]

compiled_program = rule(
    implementation = _compiled_program_impl,
    doc = "Compiles a program and the wheels that it imports, for any architecture. Unstamped.",
    attrs = python_tool("//tools/binary:compile_program") | {
        "entry": attr.string(doc = "module:function that returns the exit status.", mandatory = True),
        "deps": attr.label_list(doc = "Libraries that hold the module and what it imports.", providers = [PythonInfo], mandatory = True),
        "_start": attr.label(doc = "What becomes the archive's `__main__`.", default = "//tools/binary:start.py", allow_single_file = True),
    },
    exec_groups = PYTHON_EXEC_GROUPS,
)
