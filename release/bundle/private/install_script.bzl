"""install.sh as a release carries it."""

load("//tools/python:defs.bzl", "PYTHON_EXEC_GROUPS", "python_action", "python_tool")

visibility("//release/bundle/...")

def _install_script_impl(ctx):
    out = ctx.actions.declare_file(ctx.label.name + ".sh")
    python_action(
        ctx,
        manifest = {
            "version": ctx.file.version.path,
            "script": ctx.file.script.path,
            "trusted_root": ctx.file.trusted_root.path,
            "out": out.path,
        },
        inputs = [ctx.file.version, ctx.file.script, ctx.file.trusted_root],
        outputs = [out],
        mnemonic = "InstallScript",
        progress_message = "Stamping %{output}",
    )
    return [DefaultInfo(files = depset([out]))]

install_script = rule(
    implementation = _install_script_impl,
    doc = "Makes `<name>.sh`: the install script, told whose releases it installs, of which channel, and whose signatures it takes.",
    attrs = python_tool("//release/bundle:make_install_script") | {
        "version": attr.label(doc = "version.json of the channel.", allow_single_file = [".json"], mandatory = True),
        "trusted_root": attr.label(doc = "Sigstore's trusted_root.json.", default = "//tools/trust:trusted_root.json", allow_single_file = [".json"]),
        "script": attr.label(doc = "The script as it is in the tree.", allow_single_file = [".sh"], mandatory = True),
    },
    exec_groups = PYTHON_EXEC_GROUPS,
)
