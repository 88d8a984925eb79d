"""Programs of wheels, for tests that run them as people do: in a folder of their own, which a variable names."""

load("//tools/python:defs.bzl", "PythonInfo", "TestPathsInfo")

def _wheel_programs_impl(ctx):
    files = ctx.attr.wheel[PythonInfo].files.to_list()
    links = {}
    for name, end in ctx.attr.programs.items():
        found = [file for file in files if file.path.endswith(end)]
        if len(found) != 1:
            fail("{}: {} files of {} end with {}".format(ctx.label, len(found), ctx.attr.wheel.label, end))
        links["{}/{}/{}".format(ctx.label.package, ctx.label.name, name)] = found[0]
    path = "/".join([ctx.workspace_name, ctx.label.package, ctx.label.name, ctx.attr.path]).removesuffix("/")
    return [
        DefaultInfo(runfiles = ctx.runfiles(files, symlinks = links)),
        TestPathsInfo(paths = {ctx.attr.variable: path}),
    ]

wheel_programs = rule(
    implementation = _wheel_programs_impl,
    doc = "Links to programs of a wheel, below a folder that is called as the target.",
    attrs = {
        "path": attr.string(doc = "What the variable names below the folder, else the folder itself."),
        "programs": attr.string_dict(doc = "Links, each with the end of the path that it leads to in the wheel.", mandatory = True),
        "variable": attr.string(doc = "The environment variable that names it to tests which have this in their `data`.", mandatory = True),
        "wheel": attr.label(doc = "The wheel.", providers = [PythonInfo], mandatory = True),
    },
)
