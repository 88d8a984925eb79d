"""A PEX without a version: the slow part, made once for all channels and commits that don't change the code."""

load("//tools/python:defs.bzl", "PYTHON_EXEC_GROUPS", "PythonInfo", "collect_python", "python_action", "python_tool")

visibility("//tools/pex/...")

def _check_wheels(ctx, python):
    """A PEX holds wheels as files: each that the sources import must be named as one."""
    given = [wheel.label.repo_name for wheel in ctx.attr.wheels]
    for root in python.roots.to_list():
        repository = root.split("/")[0]
        if repository not in [ctx.workspace_name] + given:
            fail('{}: the sources import @{}; add "@{}//:whl" to wheels'.format(ctx.label, repository, repository))

def _pex_impl(ctx):
    python = collect_python([], [], ctx.attr.deps)
    _check_wheels(ctx, python)
    sources = [file for file in python.files.to_list() if not file.short_path.startswith("../")]
    out = ctx.actions.declare_file(ctx.label.name + ".pex")
    python_action(
        ctx,
        manifest = {
            "program": ctx.attr.program,
            "entry": ctx.attr.entry,
            "sources": {file.short_path: file.path for file in sources},
            "wheels": [file.path for file in ctx.files.wheels],
            "out": out.path,
        },
        inputs = sources + ctx.files.wheels,
        outputs = [out],
        mnemonic = "Pex",
        progress_message = "Packing %{label} for any Python",
    )
    return [DefaultInfo(files = depset([out]))]

pex = rule(
    implementation = _pex_impl,
    doc = "Packs a Python program as a PEX that any Python from 3.9 on runs, without its version: see pex_binary.",
    attrs = python_tool("//tools/pex:build_pex") | {
        "program": attr.string(doc = "What the program is called in its messages.", mandatory = True),
        "entry": attr.string(doc = "module:function that returns the exit status.", mandatory = True),
        "deps": attr.label_list(doc = "Libraries that hold the module and what it imports.", providers = [PythonInfo], mandatory = True),
        "wheels": attr.label_list(doc = "The wheels that they import, as files (`@wheel_any_NAME//:whl`); pure ones only.", allow_files = [".whl"]),
    },
    exec_groups = PYTHON_EXEC_GROUPS,
)
