"""The unpacked files of one wheel; written into the wheel's own repository by //tools/wheels."""

load("//tools/python:defs.bzl", "PythonInfo", "collect_python")

visibility("//tools/wheels/...")

def _wheel_library_impl(ctx):
    root = "{}/{}".format(ctx.label.repo_name, ctx.attr.root)
    return [
        collect_python(ctx.files.srcs, [root], ctx.attr.deps, bytecode = ctx.files.bytecode),
        DefaultInfo(files = depset(ctx.files.srcs)),
    ]

wheel_library = rule(
    implementation = _wheel_library_impl,
    doc = "An unpacked wheel, importable.",
    attrs = {
        "srcs": attr.label_list(doc = "Every file of the wheel.", allow_files = True),
        "bytecode": attr.label_list(doc = "The pyc files of its sources.", allow_files = [".pyc"]),
        "root": attr.string(doc = "Folder of the repository that stands for site-packages.", mandatory = True),
        "deps": attr.label_list(doc = "The wheels that it requires.", providers = [PythonInfo]),
    },
)
