"""What repository rules do with Python: unpack the pinned interpreter, and compile sources with it."""

load("//tools/python/private:bytecode.bzl", _compile_python = "compile_python")
load("//tools/python/private:interpreter.bzl", _python_interpreter = "python_interpreter")

compile_python = _compile_python
python_interpreter = _python_interpreter
