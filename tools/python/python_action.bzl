"""How every build action of this project runs: one Python program, given one JSON manifest."""

load("//tools/python:provider.bzl", "PythonProgramInfo")

PYTHON_ATTRS = {
    "_python": attr.label(
        doc = "The pinned interpreter.",
        default = "//tools/python:python3",
        allow_single_file = True,
        cfg = "exec",
    ),
    "_python_files": attr.label(
        doc = "Its loader, libraries and standard library.",
        default = "//tools/python:interpreter",
        cfg = "exec",
    ),
    "_launch": attr.label(
        doc = "Sets the import path and starts a module.",
        default = "//tools/python:launch.py",
        allow_single_file = True,
    ),
}

def _exec_root(root, workspace_name):
    return "." if root == workspace_name else "external/" + root

def python_action(ctx, tool, manifest, inputs, outputs, mnemonic, progress_message):
    """Runs a program under the pinned interpreter: no network, fixed environment, one argument.

    Args:
      ctx: the rule's context; the rule's attributes include PYTHON_ATTRS.
      tool: target of a python_binary with `cfg = "exec"`.
      manifest: struct or dict for json.encode; files as their `.path`.
      inputs: list or depset of files that the manifest names.
      outputs: list of declared files.
      mnemonic: what Bazel calls the action.
      progress_message: what it shows meanwhile.
    """
    program = tool[PythonProgramInfo]
    request = ctx.actions.declare_file("{}.{}.json".format(ctx.label.name, mnemonic))
    ctx.actions.write(request, json.encode_indent(manifest) + "\n")
    arguments = ctx.actions.args()
    arguments.add_all(["-I", "-S", "-B", ctx.file._launch])
    roots = [_exec_root(root, ctx.workspace_name) for root in program.python.roots.to_list()]
    arguments.add_all(roots, before_each = "--path")
    arguments.add(program.module)
    arguments.add(request)
    ctx.actions.run(
        executable = ctx.file._python,
        arguments = [arguments],
        inputs = depset([request, ctx.file._launch], transitive = [inputs if type(inputs) == "depset" else depset(inputs)]),
        tools = [ctx.attr._python_files.files, program.python.files, program.python.bytecode],
        outputs = outputs,
        mnemonic = mnemonic,
        progress_message = progress_message,
        env = {"LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "0", "PATH": "/nonexistent", "TZ": "UTC"},
    )
