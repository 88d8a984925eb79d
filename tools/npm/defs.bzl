"""A folder `node_modules` from the packages of a lock."""

load("//tools/python:defs.bzl", "PYTHON_EXEC_GROUPS", "python_action", "python_tool")

def _npm_tree_impl(ctx):
    out = ctx.actions.declare_directory(ctx.label.name)
    python_action(
        ctx,
        manifest = {"archives": ctx.file.packages.dirname, "out": out.path, "packages": ctx.file.packages.path},
        inputs = [ctx.file.packages] + ctx.files.archives,
        outputs = [out],
        mnemonic = "NpmTree",
        progress_message = "Unpacking the packages of %{label}",
    )
    return [DefaultInfo(files = depset([out]))]

npm_tree = rule(
    implementation = _npm_tree_impl,
    doc = "Unpacks npm packages as `npm ci --ignore-scripts` does, without the links to their programs.",
    attrs = python_tool("//tools/npm:unpack") | {
        "archives": attr.label(doc = "The `.tgz` files.", allow_files = True, mandatory = True),
        "packages": attr.label(doc = "packages.json of an npm_packages repository.", allow_single_file = True, mandatory = True),
    },
    exec_groups = PYTHON_EXEC_GROUPS,
)
