"""What stands for a requirement that requirements.lock does not answer yet."""

load("//tools/python:defs.bzl", "PythonInfo")

visibility("//tools/wheels/...")

def _unlocked_impl(ctx):
    fail("{} is in requirements.in and not in requirements.lock: run `bazel run //tools/wheels:update`".format(ctx.label.name))

unlocked = rule(
    implementation = _unlocked_impl,
    doc = "Fails where it is used, so that everything else can be built: the program that renews the lock, above all.",
    provides = [PythonInfo],
)
