"""The workspace's sources without what stands in some of them."""

def _sources_without_impl(ctx):
    left_out = [
        file
        for file in ctx.files.srcs
        if file.path.endswith(".py.source") and [folder for folder in ctx.attr.folders if "/all/{}/".format(folder) in file.path]
    ]
    names = ctx.actions.declare_file(ctx.label.name + ".names")
    ctx.actions.write(names, "".join([
        file.path.partition("/all/")[2].removesuffix(".source") + "\n"
        for file in left_out
    ]))
    return [
        DefaultInfo(files = depset([file for file in ctx.files.srcs if file not in left_out])),
        OutputGroupInfo(names = depset([names])),
    ]

sources_without = rule(
    implementation = _sources_without_impl,
    doc = "All sources but the Python files of some folders, of which only the names count: a change there tests nothing again.",
    attrs = {
        "folders": attr.string_list(doc = "Paths in the workspace.", mandatory = True),
        "srcs": attr.label(doc = "`@sources//:all`.", mandatory = True),
    },
)
