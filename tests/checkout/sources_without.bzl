"""The workspace's sources, for tests that copy the tree, without what some of them say."""

load("//tools/python:defs.bzl", "TestPathsInfo", "runfiles_path")

def _sources_without_impl(ctx):
    given, left_out = [], []
    for file in ctx.files._sources:
        path = file.path.partition("/all/")[2].removesuffix(".source")
        above = [folder for folder in ctx.attr.folders if path.startswith(folder + "/")]
        if path.endswith(tuple(ctx.attr.suffixes)) and (above or not ctx.attr.folders):
            left_out.append(path)
        else:
            given.append(file)
    names = ctx.actions.declare_file(ctx.label.name + ".left_out")
    ctx.actions.write(names, "".join([path + "\n" for path in left_out]))
    paths = {
        "VIBERUN_BAZELW": ctx.file._bazelw,
        "VIBERUN_LEFT_OUT": names,
        "VIBERUN_SOURCES": ctx.file._root,
    }
    return [
        DefaultInfo(files = depset(given + paths.values())),
        TestPathsInfo(paths = {name: runfiles_path(ctx, file) for name, file in paths.items()}),
    ]

sources_without = rule(
    implementation = _sources_without_impl,
    doc = """All sources but some, of which only the names count: a change of their content tests nothing again.

For `data` of a test outside of the sandbox, which copies them with tests/checkout/copy.py.""",
    attrs = {
        "folders": attr.string_list(doc = "Paths in the workspace: what lies elsewhere is not left out. Without any: what lies anywhere is."),
        "suffixes": attr.string_list(doc = "How the names end of what is left out.", mandatory = True),
        "_bazelw": attr.label(default = "//:bazelw", allow_single_file = True),
        "_root": attr.label(default = "@sources//:root", allow_single_file = True),
        "_sources": attr.label(default = "@sources//:all"),
    },
)
