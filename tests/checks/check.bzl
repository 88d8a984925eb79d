"""A check: a test over sources of the whole workspace, by their kind."""

load("//tools/python:defs.bzl", "python_test")

def check(name, srcs, kinds, deps = [], paths = {}, tools = [], **kwargs):
    """Declares a test, which is run again when a file of these kinds comes, changes or goes.

    Args:
      name: the test's name.
      srcs: test files.
      kinds: of sources, see //tools/sources:sources.bzl.
      deps: what the test imports.
      paths: files and folders that it is given by the variable that holds their path.
      tools: more files that these need.
      **kwargs: for python_test.
    """
    python_test(
        name = name,
        srcs = srcs,
        data = tools + ["@sources//:" + kind for kind in kinds],
        paths = paths | {
            "VIBERUN_SETTINGS": "//:pyproject.toml",
            "VIBERUN_SOURCES": "@sources//:root",
        },
        deps = deps + [":checks"],
        **kwargs
    )
