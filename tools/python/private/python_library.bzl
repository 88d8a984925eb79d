"""Python sources of this workspace, imported from its root (`tools.archive.tar`)."""

load("//tools/python/private:providers.bzl", "PythonInfo", "collect_python")

visibility("//tools/python/...")

# Attributes of a rule that has Python sources of its own.
PYTHON_SOURCES = {
    "srcs": attr.label_list(doc = "Python files.", allow_files = [".py"]),
    "data": attr.label_list(doc = "Files read at run time, found below RUNFILES_DIR.", allow_files = True),
    "deps": attr.label_list(doc = "What the sources import.", providers = [PythonInfo]),
}

def sources_and_imports(ctx):
    """Returns what a rule with PYTHON_SOURCES has for those that import it.

    Args:
      ctx: the rule's context.

    Returns:
      PythonInfo and InstrumentedFilesInfo.
    """
    return (
        collect_python(
            ctx.files.srcs + ctx.files.data,
            [ctx.workspace_name] if ctx.files.srcs else [],
            ctx.attr.deps,
        ),
        coverage_common.instrumented_files_info(
            ctx,
            dependency_attributes = ["deps"],
            extensions = ["py"],
            source_attributes = ["srcs"],
        ),
    )

def _python_library_impl(ctx):
    python, instrumented = sources_and_imports(ctx)
    return [python, instrumented, DefaultInfo(files = depset(ctx.files.srcs + ctx.files.data))]

python_library = rule(
    implementation = _python_library_impl,
    doc = "Python sources with what they import and the files they read.",
    attrs = PYTHON_SOURCES,
)
