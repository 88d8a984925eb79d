"""What a test needs that starts a Bazel server of its own."""

# `inherited_environment` of the test: Bazel itself and the downloads are below the home folder of whoever runs it.
BAZEL_ENVIRONMENT = [
    "HOME",
    "PATH",
    "USER",
    "XDG_CACHE_HOME",
]
