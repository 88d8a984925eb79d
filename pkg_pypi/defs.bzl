"""A wheel that carries a program."""

load("//tools/python:defs.bzl", "PYTHON_EXEC_GROUPS", "python_action", "python_tool")
load("//tools/stamp:defs.bzl", "check_versions")

def _python_wheel_impl(ctx):
    check_versions(ctx, [ctx.attr.program])
    out = ctx.actions.declare_file(ctx.label.name + ".whl")
    files = {file.short_path.removeprefix(file.owner.package + "/"): file for file in ctx.files.launcher}
    files |= {"LICENSE": ctx.file.license, "README.md": ctx.file.readme}
    python_action(
        ctx,
        manifest = {
            "project": ctx.attr.project,
            "commands": ctx.attr.commands,
            "template": ctx.file.template.path,
            "version": ctx.file.version.path,
            "files": {path: file.path for path, file in files.items()},
            "program": ctx.file.program.path,
            "out": out.path,
        },
        inputs = files.values() + [ctx.file.template, ctx.file.version, ctx.file.program],
        outputs = [out],
        mnemonic = "PythonWheel",
        progress_message = "Building the wheel %{label}",
    )
    return [DefaultInfo(files = depset([out]))]

python_wheel = rule(
    implementation = _python_wheel_impl,
    doc = "Builds a wheel around a packed program, with `build` and flit_core. Its file gets its real name when it is released.",
    attrs = python_tool("//pkg_pypi:make_wheel") | {
        "project": attr.string(doc = "The project's name on the index.", mandatory = True),
        "commands": attr.string_list(doc = "The commands that installing it gives.", mandatory = True),
        "template": attr.label(doc = "pyproject.toml with `$project` and `$version`.", allow_single_file = [".toml.in"], mandatory = True),
        "launcher": attr.label_list(doc = "The import package that starts the program, below this folder.", allow_files = [".py"], mandatory = True),
        "program": attr.label(doc = "The program, a pex_binary; started by the launcher in its process.", allow_single_file = True, mandatory = True),
        "version": attr.label(doc = "version.json of the channel.", allow_single_file = [".json"], mandatory = True),
        "readme": attr.label(doc = "The page on the index, in Markdown.", allow_single_file = [".md"], mandatory = True),
        "license": attr.label(doc = "The licence's text.", allow_single_file = True, mandatory = True),
    },
    exec_groups = PYTHON_EXEC_GROUPS,
)
