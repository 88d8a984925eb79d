"""Python sources of this workspace, imported from its root (`tools.archive.tar`)."""

load("//tools/python/private:providers.bzl", "PythonInfo", "collect_python")

visibility("//tools/python/...")

def _python_library_impl(ctx):
    python = collect_python(
        ctx.files.srcs + ctx.files.data,
        [ctx.workspace_name] if ctx.files.srcs else [],
        ctx.attr.deps,
    )
    return [
        python,
        DefaultInfo(files = depset(ctx.files.srcs + ctx.files.data)),
        coverage_common.instrumented_files_info(
            ctx,
            dependency_attributes = ["deps"],
            extensions = ["py"],
            source_attributes = ["srcs"],
        ),
    ]

python_library = rule(
    implementation = _python_library_impl,
    doc = "Python sources with what they import and the files they read.",
    attrs = {
        "srcs": attr.label_list(doc = "Python files.", allow_files = [".py"]),
        "data": attr.label_list(doc = "Files read at run time.", allow_files = True),
        "deps": attr.label_list(doc = "What the sources import.", providers = [PythonInfo]),
    },
)
