"""The rules that are written into the repositories of wheels, see repositories.bzl."""

load("//tools/wheels/private:unlocked.bzl", _unlocked = "unlocked")
load("//tools/wheels/private:wheel_library.bzl", _wheel_library = "wheel_library")

unlocked = _unlocked
wheel_library = _wheel_library
