"""A test for each of several files."""

load("//tools/python/private:python_test.bzl", "python_test")

visibility("//tools/python/...")

def python_tests(srcs, **kwargs):
    """Declares a test for each file, which is called as the file is.

    Args:
      srcs: test files.
      **kwargs: attributes of each python_test.
    """
    for src in srcs:
        python_test(
            name = src.removesuffix(".py"),
            srcs = [src],
            **kwargs
        )
