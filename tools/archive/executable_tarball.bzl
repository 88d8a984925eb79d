"""One executable in a `.tar.gz`, as people download it."""

load("//tools/python:python_action.bzl", "PYTHON_ATTRS", "python_action")

def _executable_tarball_impl(ctx):
    tarball = ctx.actions.declare_file(ctx.label.name + ".tar.gz")
    python_action(
        ctx,
        tool = ctx.attr._tool,
        manifest = {
            "executable": ctx.file.executable.path,
            "name": ctx.attr.member,
            "tarball": tarball.path,
        },
        inputs = [ctx.file.executable],
        outputs = [tarball],
        mnemonic = "ExecutableTarball",
        progress_message = "Packing %{input} into %{output}",
    )
    return [DefaultInfo(files = depset([tarball]))]

executable_tarball = rule(
    implementation = _executable_tarball_impl,
    doc = "Packs an executable as the one member of `<name>.tar.gz`, mode 755, owned by root.",
    attrs = PYTHON_ATTRS | {
        "executable": attr.label(doc = "The file to pack.", allow_single_file = True, mandatory = True),
        "member": attr.string(doc = "What it is called in the archive.", mandatory = True),
        "_tool": attr.label(default = "//tools/archive:executable_tarball", cfg = "exec"),
    },
)
