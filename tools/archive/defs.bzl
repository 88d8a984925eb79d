"""One executable in a `.tar.gz`, as people download it."""

load("//tools/python:defs.bzl", "PYTHON_EXEC_GROUPS", "python_action", "python_tool")
load("//tools/stamp:defs.bzl", "ProductInfo")

def _product(ctx, tarball):
    """Returns what the executable says of itself, for the one platform of the tarball."""
    if ProductInfo not in ctx.attr.executable:
        return []
    product = ctx.attr.executable[ProductInfo]
    platforms = [ctx.attr.platform] if ctx.attr.platform else product.platforms
    if len(platforms) != 1 or platforms[0] not in product.platforms:
        fail("{}: {} is for {}; name one of these as platform".format(ctx.label, ctx.attr.executable.label, " and ".join(product.platforms)))
    return [ProductInfo(file = tarball, platforms = platforms, version = product.version)]

def _executable_tarball_impl(ctx):
    tarball = ctx.actions.declare_file(ctx.label.name + ".tar.gz")
    python_action(
        ctx,
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
    return [DefaultInfo(files = depset([tarball]))] + _product(ctx, tarball)

executable_tarball = rule(
    implementation = _executable_tarball_impl,
    doc = "Packs an executable as the one member of `<name>.tar.gz`, mode 755, owned by root.",
    attrs = python_tool("//tools/archive:executable_tarball") | {
        "executable": attr.label(doc = "The file to pack.", allow_single_file = True, mandatory = True),
        "platform": attr.string(doc = "Which platform it is for, where the executable is for several."),
        "member": attr.string(doc = "What it is called in the archive.", mandatory = True),
    },
    exec_groups = PYTHON_EXEC_GROUPS,
)
