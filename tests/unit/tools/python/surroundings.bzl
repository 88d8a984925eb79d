"""What a build action sees of the machine, written down by an ordinary build action."""

load("//tools/python:defs.bzl", "PYTHON_EXEC_GROUPS", "python_action", "python_tool")

def _surroundings_impl(ctx):
    out = ctx.actions.declare_file(ctx.label.name + ".json")
    python_action(
        ctx,
        manifest = {"out": out.path},
        inputs = [],
        outputs = [out],
        mnemonic = "Surroundings",
        progress_message = "Looking around from %{label}",
    )
    return [DefaultInfo(files = depset([out]))]

surroundings = rule(
    implementation = _surroundings_impl,
    doc = "Writes the network interfaces, the environment and the folders of the host that an action of this project sees.",
    attrs = python_tool("//tests/unit/tools/python:look_around"),
    exec_groups = PYTHON_EXEC_GROUPS,
)
