"""An npm package that carries a program for each platform."""

load("//tools/python:defs.bzl", "PYTHON_EXEC_GROUPS", "python_action", "python_tool")
load("//tools/stamp:defs.bzl", "ProductInfo", "products_by_platform")

def _programs(ctx):
    """Returns the executables by their path in the package."""
    programs = {"bin/" + ctx.file.launcher.basename: ctx.file.launcher}
    for platform, file in products_by_platform(ctx, ctx.attr.programs).items():
        programs["vendor/{}/{}".format(platform, ctx.attr.program)] = file
    return programs

def _npm_package_impl(ctx):
    out = ctx.actions.declare_file(ctx.label.name + ".tgz")
    programs = _programs(ctx)
    files = {"LICENSE": ctx.file.license, "README.md": ctx.file.readme}
    python_action(
        ctx,
        manifest = {
            "template": ctx.file.template.path,
            "version": ctx.file.version.path,
            "files": {path: file.path for path, file in files.items()},
            "programs": {path: file.path for path, file in programs.items()},
            "out": out.path,
        },
        inputs = programs.values() + files.values() + [ctx.file.template, ctx.file.version],
        outputs = [out],
        mnemonic = "NpmPackage",
        progress_message = "Packing %{label}",
    )
    return [DefaultInfo(files = depset([out]))]

npm_package = rule(
    implementation = _npm_package_impl,
    doc = "Packs a launcher and a program for each platform as npm publishes it. Its file gets its real name when it is released.",
    attrs = python_tool("//pkg_npm:make_package") | {
        "program": attr.string(doc = "The name of each vendored file.", mandatory = True),
        "programs": attr.label_list(doc = "The programs, of which no two are for one platform.", providers = [ProductInfo], mandatory = True),
        "launcher": attr.label(doc = "The script that starts the program of the machine's platform.", allow_single_file = [".js"], mandatory = True),
        "template": attr.label(doc = "package.json with `$npm`, `$semver`, `$commit` and `$repository`.", allow_single_file = [".json.in"], mandatory = True),
        "version": attr.label(doc = "version.json of the channel.", allow_single_file = [".json"], mandatory = True),
        "readme": attr.label(doc = "The page on the registry, in Markdown.", allow_single_file = [".md"], mandatory = True),
        "license": attr.label(doc = "The licence's text.", allow_single_file = True, mandatory = True),
    },
    exec_groups = PYTHON_EXEC_GROUPS,
)
