"""What the machine is that Bazel runs on: Bazel's own tools look here."""

load("@host_constraints//:constraints.bzl", _HOST_CONSTRAINTS = "HOST_CONSTRAINTS")

HOST_CONSTRAINTS = _HOST_CONSTRAINTS
