"""Python under the pinned interpreter: libraries, programs, tests, and build actions that run a program.

`//tools/python/example` has a program with its test; `//tools/npm:defs.bzl` is a small rule with an action.
"""

load("//tools/python/private:providers.bzl", _PythonInfo = "PythonInfo", _PythonProgramInfo = "PythonProgramInfo", _TestPathsInfo = "TestPathsInfo", _collect_python = "collect_python")
load("//tools/python/private:python_action.bzl", _PYTHON_EXEC_GROUPS = "PYTHON_EXEC_GROUPS", _python_action = "python_action", _python_tool = "python_tool")
load("//tools/python/private:python_binary.bzl", _python_binary = "python_binary")
load("//tools/python/private:python_library.bzl", _python_library = "python_library")
load("//tools/python/private:python_test.bzl", _python_test = "python_test")
load("//tools/python/private:python_tests.bzl", _python_tests = "python_tests")
load("//tools/python/private:runfiles.bzl", _runfiles_path = "runfiles_path")

PYTHON_EXEC_GROUPS = _PYTHON_EXEC_GROUPS
PythonInfo = _PythonInfo
PythonProgramInfo = _PythonProgramInfo
TestPathsInfo = _TestPathsInfo
collect_python = _collect_python
python_action = _python_action
python_binary = _python_binary
python_library = _python_library
python_test = _python_test
python_tests = _python_tests
python_tool = _python_tool
runfiles_path = _runfiles_path
