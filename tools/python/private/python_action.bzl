"""How every build action of this project runs: one Python program, given one JSON manifest."""

load("//tools/python/private:providers.bzl", "PythonInfo", "PythonProgramInfo")
load("//tools/python/private:toolchain.bzl", "EXEC_TOOLS")

visibility("//tools/python/...")

_EXEC_GROUP = "python"

# `exec_groups` of a rule that calls python_action: its actions run, with their program, where there is an interpreter for them.
PYTHON_EXEC_GROUPS = {_EXEC_GROUP: exec_group(toolchains = [EXEC_TOOLS])}

def python_tool(program):
    """Returns the attributes of a rule that calls python_action.

    Args:
      program: label of the python_binary that its actions run.
    """
    return {
        "_tool": attr.label(
            default = program,
            providers = [PythonInfo, PythonProgramInfo],
            cfg = config.exec(_EXEC_GROUP),
        ),
    }

def _exec_root(root, workspace_name):
    return "." if root == workspace_name else "external/" + root

def python_action(ctx, manifest, inputs, outputs, mnemonic, progress_message):
    """Runs the rule's program under the pinned interpreter: no network, fixed environment, one argument.

    Args:
      ctx: the rule's context; the rule has the attributes of python_tool, and PYTHON_EXEC_GROUPS.
      manifest: dict that the program's `main` is given, beside the `target`; files as their `.path`.
      inputs: list or depset of files that the manifest names.
      outputs: list of declared files.
      mnemonic: what Bazel calls the action.
      progress_message: what it shows meanwhile.
    """
    python = ctx.attr._tool[PythonInfo]
    interpreter = ctx.exec_groups[_EXEC_GROUP].toolchains[EXEC_TOOLS]
    request = ctx.actions.declare_file("{}.{}.json".format(ctx.label.name, mnemonic))
    ctx.actions.write(request, json.encode_indent({"target": str(ctx.label)} | manifest) + "\n")
    arguments = ctx.actions.args()
    arguments.add_all(["-I", "-S", "-B", interpreter.launch])
    roots = [_exec_root(root, ctx.workspace_name) for root in python.roots.to_list()]
    arguments.add_all(roots, before_each = "--path")
    arguments.add_all(["--request", request, ctx.attr._tool[PythonProgramInfo].module])
    ctx.actions.run(
        executable = interpreter.python3,
        arguments = [arguments],
        inputs = depset([request, interpreter.launch], transitive = [inputs if type(inputs) == "depset" else depset(inputs)]),
        tools = [interpreter.files, python.files, python.bytecode],
        outputs = outputs,
        mnemonic = mnemonic,
        progress_message = progress_message,
        env = {"LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "0", "PATH": "/nonexistent", "TZ": "UTC"},
        exec_group = _EXEC_GROUP,
    )
