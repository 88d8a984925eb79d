"""What the editions' clients trust."""

load("//tools/python:defs.bzl", "PYTHON_EXEC_GROUPS", "python_action", "python_tool")

def _trusted_root_impl(ctx):
    out = ctx.actions.declare_file(ctx.label.name + ".json")
    python_action(
        ctx,
        manifest = {"out": out.path},
        inputs = [],
        outputs = [out],
        mnemonic = "TrustedRoot",
        progress_message = "Writing %{output}",
    )
    return [DefaultInfo(files = depset([out]))]

trusted_root = rule(
    implementation = _trusted_root_impl,
    doc = "Makes `<name>.json`: the trusted root of the instance that signs the editions.",
    attrs = python_tool("//tests/sigstore:editions"),
    exec_groups = PYTHON_EXEC_GROUPS,
)
