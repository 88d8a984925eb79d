"""Programs as one file that runs on any Linux of its architecture, without a Python there.

`compiled_program` and `python_runtime` make the two parts, `self_contained_binary` joins them with a version, `linux_binaries`
declares all of that for a program. `//release/bundle/example` makes one, `//tests/e2e/binary` runs another.
"""

load("//tools/binary/private:compiled_program.bzl", _compiled_program = "compiled_program")
load("//tools/binary/private:linux_binaries.bzl", _linux_binaries = "linux_binaries")
load("//tools/binary/private:python_runtime.bzl", _python_runtime = "python_runtime")
load("//tools/binary/private:self_contained_binary.bzl", _self_contained_binary = "self_contained_binary")

compiled_program = _compiled_program
linux_binaries = _linux_binaries
python_runtime = _python_runtime
self_contained_binary = _self_contained_binary
